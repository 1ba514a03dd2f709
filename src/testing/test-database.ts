import { randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';

/** A server whose user may make databases; the global setup sets both. */
export const ADMIN_URL = 'TOLLGATE_TEST_ADMIN_URL';
/** The migrated, empty database that those of the tests are copies of. */
export const TEMPLATE = 'TOLLGATE_TEST_TEMPLATE';

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** An empty, migrated database of its own, in some 50 ms. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const adminUrl = required(ADMIN_URL);
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, [`CREATE DATABASE ${name} TEMPLATE ${required(TEMPLATE)}`]);
  return {
    url: databaseUrl(adminUrl, name),
    drop: () => asAdmin(adminUrl, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`]),
  };
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Runs statements on the server, one after the other and outside a transaction. */
export async function asAdmin(adminUrl: string, statements: readonly string[]): Promise<void> {
  const settings = { connectionString: adminUrl, max: 1, connectionTimeoutMillis: 10_000 };
  const admin = await new PrismaPg({ ...settings, statement_timeout: 30_000 }).connect();
  try {
    for (const statement of statements) await admin.underlyingDriver().query(statement);
  } finally {
    await admin.dispose();
  }
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: tests are run by Jest with its global setup`);
  return value;
}
