import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import { CannotStart } from '../../cannot-start';
import { ADVISORY_LOCKS } from './advisory-locks';
import { defaultMigrationsDir, readMigrations } from './migration-files';
import { migrationState } from './migration-state';
import { EngineConnection, NO_FILTER, openSchemaEngine } from './schema-engine';

/** Milliseconds: to connect, for another process' migration to end, for one statement (building an index takes time). */
const CONNECT_MS = 5_000;
const LOCK_MS = 120_000;
const STATEMENT_MS = 600_000;

/** The database's history and the program's do not fit: a person has to look. */
export class MigrationRefused extends CannotStart {
  override readonly name = 'MigrationRefused';
}

/**
 * Applies the migrations a database still lacks and returns their names. Several processes may do so at once: one
 * works, the others wait. Throws `MigrationRefused` if an earlier migration failed or was changed after it was
 * applied, or if the histories part ways; other errors are PostgreSQL's.
 */
export async function migrate(
  databaseUrl: string,
  migrationsDir: string = defaultMigrationsDir(),
): Promise<readonly string[]> {
  const migrationsList = readMigrations(migrationsDir);
  const settings = {
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 1_000,
    max: 2,
  };
  const connection = new EngineConnection(settings);
  // The lock belongs to a connection, and goes with it whatever happens to us.
  const guard = new EngineConnection({ ...settings, idleTimeoutMillis: 0 });
  try {
    const locks = (await guard.connect()).underlyingDriver();
    await locks.query(`SET lock_timeout = ${LOCK_MS}`);
    await locks.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migration]);
    const engine = await openSchemaEngine(connection);
    try {
      await refuseOddHistory(engine, migrationsList);
      const result = await engine.applyMigrations({ migrationsList, filters: NO_FILTER });
      return result.appliedMigrationNames;
    } finally {
      engine.free();
    }
  } finally {
    await connection.close();
    await guard.close();
  }
}

async function refuseOddHistory(engine: SchemaEngine, migrationsList: MigrationList): Promise<void> {
  const { failed, edited, unknown, pending } = await migrationState(engine, migrationsList);
  if (failed.length > 0) {
    throw new MigrationRefused(
      `a migration failed in this database and was left half done: ${failed.join(', ')}. Repair the database by hand, then mark it with "prisma migrate resolve"`,
    );
  }
  if (edited.length > 0) {
    throw new MigrationRefused(
      `migrations were changed after this database had applied them: ${edited.join(', ')}. Restore them, and write a new migration for what is to change`,
    );
  }
  // A database that is only ahead was migrated by a newer version; going back to an older program is allowed.
  if (unknown.length > 0 && pending.length > 0) {
    throw new MigrationRefused(
      `this database has migrations that are unknown here (${unknown.join(', ')}) and lacks others (${pending.join(', ')}): it belongs to another line of versions`,
    );
  }
}
