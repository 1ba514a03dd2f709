import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import { defaultMigrationsDir, readMigrations } from './migration-files';
import { EngineConnection, NO_FILTER, openSchemaEngine } from './schema-engine';

/** How a database's history of migrations and the program's differ; names, oldest first. */
export interface MigrationState {
  /** Of the program, and not applied yet. */
  readonly pending: readonly string[];
  /** Applied, and not of this program. */
  readonly unknown: readonly string[];
  /** Begun and not ended. */
  readonly failed: readonly string[];
  /** Changed after they were applied. */
  readonly edited: readonly string[];
}

/** Compares by names and checksums. Writes nothing. */
export async function migrationState(
  engine: SchemaEngine,
  migrationsList: MigrationList,
): Promise<MigrationState> {
  const found = await engine.diagnoseMigrationHistory({
    migrationsList,
    optInToShadowDatabase: false,
    filters: NO_FILTER,
  });
  const { history } = found;
  return {
    pending: history !== null && 'unappliedMigrationNames' in history ? history.unappliedMigrationNames : [],
    unknown:
      history !== null && 'unpersistedMigrationNames' in history ? history.unpersistedMigrationNames : [],
    failed: found.failedMigrationNames,
    edited: found.editedMigrationNames,
  };
}

/** The state of a database beside the migrations of a folder, within `timeoutMs` for each step. Errors are PostgreSQL's. */
export async function readMigrationState(
  databaseUrl: string,
  timeoutMs: number,
  migrationsDir: string = defaultMigrationsDir(),
): Promise<MigrationState> {
  const connection = new EngineConnection({
    connectionString: databaseUrl,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 50,
    max: 2,
  });
  try {
    const engine = await openSchemaEngine(connection);
    try {
      return await migrationState(engine, readMigrations(migrationsDir));
    } finally {
      engine.free();
    }
  } finally {
    await connection.close();
  }
}
