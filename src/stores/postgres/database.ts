import { PrismaPg } from '@prisma/adapter-pg';
import { type Prisma, PrismaClient } from '@prisma/client';
import { DependencyUnavailable } from '../dependency-unavailable';
import { isUnavailable } from './unavailable';

/** Milliseconds: to get a connection, for one statement, for a whole transaction. */
const CONNECT_MS = 800;
const STATEMENT_MS = 1_500;
const TRANSACTION_MS = 3_000;

/** PostgreSQL through Prisma. Whatever makes it unreachable or too slow becomes `DependencyUnavailable`. */
export class Database {
  readonly #client: PrismaClient;

  constructor(url: string, poolSize = 10) {
    this.#client = new PrismaClient({
      adapter: new PrismaPg({
        connectionString: url,
        max: poolSize,
        connectionTimeoutMillis: CONNECT_MS,
        statement_timeout: STATEMENT_MS,
        query_timeout: STATEMENT_MS + 200,
        keepAlive: true,
      }),
      transactionOptions: { maxWait: CONNECT_MS, timeout: TRANSACTION_MS },
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

  async close(): Promise<void> {
    await this.#client.$disconnect();
  }
}

function rethrow(error: unknown): never {
  throw isUnavailable(error) ? new DependencyUnavailable('postgresql', error) : error;
}
