import type { Clock } from '../../clock';
import { type ClockDifference, clockDifference } from '../clock-difference';
import { EngineConnection } from './schema-engine';

/** What a PostgreSQL says of itself and of how we are connected to it. */
export interface DatabaseFacts {
  /** As 18 of 18.4. */
  readonly majorVersion: number;
  /** Whether this connection is; null where the server does not tell. */
  readonly encrypted: boolean | null;
  /** What our role may do beyond its own tables, in the words of `CREATE ROLE`. */
  readonly powers: readonly string[];
  /** Settings by which a crash may lose what was committed. */
  readonly undurable: readonly string[];
  readonly clock: ClockDifference;
  /** Undefined where there is no table of users yet. */
  readonly accounts: AccountCensus | undefined;
}

export interface AccountCensus {
  /** Verified, and not disabled at the time of our clock. */
  readonly activeAdmins: number;
  /** Those of them who have the e-mail that development makes up. */
  readonly sampleAdmins: number;
  /** The head of stored hashes (format, pepper's id, cost), and how many accounts have it. */
  readonly hashes: readonly { readonly head: string; readonly accounts: number }[];
}

const ROLE_AND_SETTINGS = `
  SELECT current_setting('server_version_num')::int / 10000 AS "majorVersion",
    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS encrypted,
    array_remove(ARRAY[
      CASE WHEN rolsuper THEN 'SUPERUSER' END, CASE WHEN rolcreaterole THEN 'CREATEROLE' END,
      CASE WHEN rolcreatedb THEN 'CREATEDB' END, CASE WHEN rolbypassrls THEN 'BYPASSRLS' END,
      CASE WHEN rolreplication THEN 'REPLICATION' END], NULL) AS powers,
    array_remove(ARRAY[
      CASE WHEN current_setting('fsync') = 'off' THEN 'fsync' END,
      CASE WHEN current_setting('full_page_writes') = 'off' THEN 'full_page_writes' END,
      CASE WHEN current_setting('synchronous_commit') = 'off' THEN 'synchronous_commit' END], NULL) AS undurable
  FROM pg_roles WHERE rolname = current_user`;

const ADMINS = `
  SELECT count(*)::int AS "activeAdmins",
    count(*) FILTER (WHERE email LIKE '%@localhost.test')::int AS "sampleAdmins"
  FROM users
  WHERE role = 'ADMIN' AND email_verified_at IS NOT NULL
    AND (disabled_at IS NULL OR disabled_until <= $1::timestamptz)`;

// tg1$ + 11 of the pepper's id + $2b$ and two digits with their separators: nothing of salt or digest.
const HASHES = `
  SELECT left(password_hash, 22) AS head, count(*)::int AS accounts
  FROM users WHERE password_hash IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 1000`;

/** Looks and writes nothing; each step takes `timeoutMs` at most. Errors are PostgreSQL's. */
export async function readDatabaseFacts(
  databaseUrl: string,
  timeoutMs: number,
  clock: Clock,
): Promise<DatabaseFacts> {
  const connection = new EngineConnection({
    connectionString: databaseUrl,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 50,
    max: 1,
  });
  try {
    const pool = (await connection.connect()).underlyingDriver();
    const rows = async <Row>(sql: string, values: unknown[] = []): Promise<readonly Row[]> =>
      (await pool.query(sql, values)).rows;
    const first = async <Row>(sql: string, values?: unknown[]): Promise<Row> => {
      const [row] = await rows<Row>(sql, values);
      if (row === undefined) throw new Error('the database answered without a row');
      return row;
    };
    const facts = await first<Omit<DatabaseFacts, 'clock' | 'accounts'>>(ROLE_AND_SETTINGS);
    const { migrated } = await first<{ migrated: boolean }>(
      `SELECT to_regclass('users') IS NOT NULL AS migrated`,
    );
    const census = async (): Promise<AccountCensus> => ({
      ...(await first<Omit<AccountCensus, 'hashes'>>(ADMINS, [new Date(clock.now()).toISOString()])),
      hashes: await rows(HASHES),
    });
    return {
      ...facts,
      clock: await clockDifference(clock, async () => {
        const { ms } = await first<{ ms: number }>(
          'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
        );
        return ms;
      }),
      accounts: migrated ? await census() : undefined,
    };
  } finally {
    await connection.close();
  }
}
