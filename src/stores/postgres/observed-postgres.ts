import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlQuery, SqlQueryable } from '@prisma/driver-adapter-utils';

/** How a pool stands: its connections, those of them that nobody uses, and who waits for one. */
export interface PoolState {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/**
 * Told how long a statement took in seconds, well or ill, with the wait for a connection where it was not in a transaction,
 * and its first word in upper case.
 */
export type OnStatement = (seconds: number, operation: string) => void;

/** What a statement may be told as; nothing else of its text is. */
const OPERATIONS = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|BEGIN|COMMIT|ROLLBACK|SET)\b/i;

/** Prisma's driver for PostgreSQL, which tells of its statements and its pool. */
export class ObservedPostgres extends PrismaPg {
  readonly #onStatement: OnStatement;
  #poolState: () => PoolState = () => ({ total: 0, idle: 0, waiting: 0 });

  constructor(settings: ConstructorParameters<typeof PrismaPg>[0], onStatement: OnStatement) {
    super(settings);
    this.#onStatement = onStatement;
  }

  override async connect() {
    const adapter = await super.connect();
    const pool = adapter.underlyingDriver();
    this.#poolState = () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount });
    const begin = adapter.startTransaction.bind(adapter);
    adapter.startTransaction = async (level) => this.#observed(await begin(level));
    return this.#observed(adapter);
  }

  /** Nothing is connected before the first statement. */
  get poolState(): PoolState {
    return this.#poolState();
  }

  #observed<Q extends SqlQueryable>(queryable: Q): Q {
    const queryRaw = queryable.queryRaw.bind(queryable);
    const executeRaw = queryable.executeRaw.bind(queryable);
    queryable.queryRaw = (query) => this.#timed(queryRaw(query), query);
    queryable.executeRaw = (query) => this.#timed(executeRaw(query), query);
    return queryable;
  }

  #timed<T>(answer: Promise<T>, { sql }: SqlQuery): Promise<T> {
    const sentAt = performance.now();
    return answer.finally(() => this.#onStatement((performance.now() - sentAt) / 1000, operationOf(sql)));
  }
}

function operationOf(sql: string): string {
  return OPERATIONS.exec(sql)?.[1]?.toUpperCase() ?? 'OTHER';
}
