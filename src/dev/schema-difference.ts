import { randomUUID } from 'node:crypto';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import { readMigrations } from '../stores/postgres/migration-files';
import { EngineConnection, NO_FILTER, openSchemaEngine } from '../stores/postgres/schema-engine';

/**
 * The SQL that leads from the migrations to a Prisma schema; empty when they agree. Constraints that the schema
 * language cannot express are not compared. Works in scratch databases of the server named.
 */
export async function schemaDifference(
  databaseUrl: string,
  schema: string,
  migrationsDir: string,
): Promise<string> {
  const connection = new ScratchConnection(databaseUrl);
  const migrations = readMigrations(migrationsDir);
  const isFirst = migrations.migrationDirectories.length === 0;
  try {
    const engine = await openSchemaEngine(connection);
    const result = await engine.diff({
      from: isFirst ? { tag: 'empty' } : { tag: 'migrations', ...migrations },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
      script: true,
      exitCode: true,
      filters: NO_FILTER,
    });
    engine.free();
    return result.exitCode === 0 ? '' : (result.stdout ?? '');
  } finally {
    await connection.close();
  }
}

type Adapter = Awaited<ReturnType<EngineConnection['connect']>>;

/** Makes up for two things that `PrismaPg` gets wrong where a migration engine looks at a database. */
class ScratchConnection extends EngineConnection {
  constructor(private readonly url: string) {
    super({ connectionString: url, connectionTimeoutMillis: 5_000, statement_timeout: 60_000, max: 2 });
  }

  /** Its own forgets the database's name beside a URL, and drops it before it has left it. */
  override async connectToShadowDb(): Promise<Adapter> {
    const name = `tollgate_scratch_${randomUUID()}`;
    const server = await this.connect();
    await server.executeScript(`CREATE DATABASE "${name}"`);
    const url = new URL(this.url);
    url.pathname = `/${name}`;
    const scratch = await new EngineConnection({ connectionString: url.href, max: 1 }).connect();
    readCatalogueChar(scratch);
    const leave = scratch.dispose.bind(scratch);
    scratch.dispose = async () => {
      await leave();
      await server.executeScript(`DROP DATABASE IF EXISTS "${name}"`);
    };
    return scratch;
  }
}

/** The type "char", which PostgreSQL's own catalogue uses and the adapter refuses; it is read as text. */
const CHAR = 18;
const TEXT = 25;

function readCatalogueChar(adapter: Adapter): void {
  const charColumns = new WeakMap<object, number[]>();
  const pool = adapter.underlyingDriver();
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<Answer>;
  Object.assign(pool, {
    query: async (...args: unknown[]) => {
      const answer = await query(...args);
      const found: number[] = [];
      for (const [index, field] of (answer.fields ?? []).entries()) {
        if (field.dataTypeID !== CHAR) continue;
        field.dataTypeID = TEXT;
        found.push(index);
      }
      if (found.length > 0) charColumns.set(answer.rows, found);
      return answer;
    },
  });
  const queryRaw = adapter.queryRaw.bind(adapter);
  adapter.queryRaw = async (statement) => {
    const result = await queryRaw(statement);
    for (const index of charColumns.get(result.rows) ?? []) {
      result.columnTypes[index] = ColumnTypeEnum.Character;
    }
    return result;
  };
}

interface Answer {
  readonly fields?: { dataTypeID: number }[];
  readonly rows: unknown[];
}
