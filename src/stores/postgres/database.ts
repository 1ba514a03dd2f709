import { type Prisma, PrismaClient } from '@prisma/client';
import { DependencyUnavailable } from '../dependency-unavailable';
import { ObservedPostgres, type OnStatement, type PoolState } from './observed-postgres';
import { isSchemaOutdated, SchemaOutdated } from './schema-outdated';
import { isUnavailable } from './unavailable';

export interface DatabaseOptions {
  readonly poolSize?: number;
  /** Milliseconds to get a connection, of the server or of the pool. */
  readonly connectMs?: number;
  /** Milliseconds that one statement may take; a transaction may take three times that. */
  readonly statementMs?: number;
  readonly onStatement?: OnStatement;
}

/** PostgreSQL through Prisma. Whatever makes it unreachable or too slow becomes `DependencyUnavailable`. */
export class Database {
  readonly #client: PrismaClient;
  readonly #postgres: ObservedPostgres;

  /** The bounds are a request's: an answer within a second, also from a server that is silent. */
  constructor(
    url: string,
    { poolSize = 10, connectMs = 800, statementMs = 800, onStatement = () => {} }: DatabaseOptions = {},
  ) {
    const settings = {
      connectionString: url,
      max: poolSize,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      // The server's own limit comes first, so that it is not left working for nobody.
      query_timeout: statementMs + 50,
      keepAlive: true,
    };
    this.#postgres = new ObservedPostgres(settings, onStatement);
    this.#client = new PrismaClient({
      adapter: this.#postgres,
      transactionOptions: { maxWait: connectMs, timeout: 3 * statementMs },
      errorFormat: 'minimal',
    });
  }

  /** Runs statements that stand alone. */
  async run<T>(work: (client: PrismaClient) => Promise<T>): Promise<T> {
    return work(this.#client).catch(rethrow);
  }

  /** Runs statements that count together or not at all (read committed). */
  async transaction<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
    return this.#client.$transaction(work).catch(rethrow);
  }

  /** Throws `DependencyUnavailable` if the server does not answer. */
  async check(): Promise<void> {
    await this.run((client) => client.$queryRaw`SELECT 1`);
  }

  get poolState(): PoolState {
    return this.#postgres.poolState;
  }

  async close(): Promise<void> {
    await this.#client.$disconnect();
  }
}

function rethrow(error: unknown): never {
  if (isUnavailable(error)) throw new DependencyUnavailable('postgresql', error);
  throw isSchemaOutdated(error) ? new SchemaOutdated(error) : error;
}
