import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { ADMIN_URL, asAdmin, createTestDatabase, databaseUrl } from '../../testing/test-database';

const ROOT = join(__dirname, '..', '..', '..');
const MIGRATIONS = join(ROOT, 'prisma', 'migrations');
const INIT = '20261123000000_init';
const ALL = readdirSync(MIGRATIONS)
  .filter((entry) => entry !== 'migration_lock.toml')
  .sort();
const adminUrl = process.env[ADMIN_URL] ?? '';

let folder: string;
let name: string;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-migrate-'));
  cpSync(MIGRATIONS, folder, { recursive: true });
  name = `test_migrate_${process.pid}_${Date.now()}`;
  url = databaseUrl(adminUrl, name);
  await asAdmin(adminUrl, [`CREATE DATABASE ${name}`]);
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await asAdmin(adminUrl, [`DROP DATABASE ${name} WITH (FORCE)`]);
});

describe('migrate', () => {
  it('applies what is pending, once, when four processes start at the same time', async () => {
    const applied = await Promise.all([migrate(), migrate(), migrate(), migrate()]);
    const own = (names: string) => names === JSON.stringify(ALL);
    expect(applied.filter(own)).toHaveLength(1);
    expect(applied.filter((names) => names === '[]')).toHaveLength(3);
    expect(
      await query('SELECT migration_name, finished_at IS NOT NULL AS done FROM _prisma_migrations'),
    ).toEqual(ALL.map((migration_name) => ({ migration_name, done: true })));
  });

  it('applies later migrations to a database that has the first, semicolons and all', async () => {
    await migrate();
    addMigration("-- one; two\nCREATE TABLE extra (v text DEFAULT 'a;b');");
    expect(await migrate()).toBe('["20990101000000_extra"]');
    await query('INSERT INTO extra DEFAULT VALUES');
    expect(await query('SELECT v FROM extra')).toEqual([{ v: 'a;b' }]);
  });

  it('leaves nothing of a migration that fails, and refuses to go on until it is repaired', async () => {
    await migrate();
    addMigration('CREATE TABLE extra (n int); SELECT 1 / 0;');
    await expect(migrate()).rejects.toThrow(/division by zero/);
    await expect(query('SELECT * FROM extra')).rejects.toThrow(/does not exist/);
    await expect(migrate()).rejects.toThrow(/MigrationRefused: a migration failed .*20990101000000_extra/);
  });

  it('refuses a migration that was changed after it was applied', async () => {
    await migrate();
    writeFileSync(join(folder, INIT, 'migration.sql'), '-- changed');
    await expect(migrate()).rejects.toThrow(
      new RegExp(`MigrationRefused: migrations were changed .*${INIT}`),
    );
  });

  it('lets an older program run on a newer database, but not on one of another line', async () => {
    addMigration('CREATE TABLE extra (n int);');
    await migrate();
    rmSync(join(folder, '20990101000000_extra'), { recursive: true });
    expect(await migrate()).toBe('[]');
    addMigration('CREATE TABLE other (n int);', '20990102000000_other');
    await expect(migrate()).rejects.toThrow(/MigrationRefused: .*another line of versions/);
  });

  it('lets users be searched who were there before they could be', async () => {
    const search = ALL.find((entry) => entry.endsWith('_user_search')) ?? '';
    for (const later of ALL.filter((entry) => entry >= search))
      rmSync(join(folder, later), { recursive: true });
    await migrate();
    await query(`INSERT INTO users (id, email, username, role, registered_at, created_at)
      VALUES ('01900000-0000-7000-8000-000000000000', 'ada@example.com', 'Ada King', 'ADMIN', now(), now())`);
    cpSync(MIGRATIONS, folder, { recursive: true });
    await migrate();
    expect(await query('SELECT segment, later, part FROM user_name_parts ORDER BY part')).toEqual([
      { segment: 5, later: false, part: 'ada king' },
      { segment: 5, later: true, part: 'king' },
    ]);
    expect(await query('SELECT word FROM user_name_words ORDER BY word')).toEqual([
      { word: 'ada' },
      { word: 'king' },
    ]);
  });

  it('gives up on a server that does not answer', async () => {
    url = 'postgresql://nobody@127.0.0.1:1/none';
    await expect(migrate()).rejects.toThrow(/ECONNREFUSED|reach/);
  });
});

describe('the migrations', () => {
  it('agree with the Prisma schema', async () => {
    await expect(node(join('scripts', 'migration.mjs'), '--check')).resolves.toContain('agree');
  });

  it('would be found out if they did not', async () => {
    const changed = join(folder, 'schema.prisma');
    const schema = readFileSync(join(ROOT, 'prisma', 'schema.prisma'), 'utf8');
    writeFileSync(changed, schema.replace('  username ', '  nickname '));
    const check = node(join('scripts', 'migration.mjs'), '--check', '--schema', changed);
    await expect(check).rejects.toThrow(/ADD COLUMN +"nickname"/);
  });

  it.each([
    ['another spelling', 'Ada@example.com', 'users_email_canonical'],
    ['one of more than 254 bytes', `${'a'.repeat(250)}@b.cc`, 'users_email_length'],
  ])('let no e-mail in by %s', async (_, email, constraint) => {
    const database = await createTestDatabase();
    const insert = `INSERT INTO users (id, email, username, registered_at, created_at)
      VALUES ('01900000-0000-7000-8000-000000000000', '${email}', 'ada', now(), now())`;
    await expect(query(insert, database.url)).rejects.toThrow(constraint);
    await database.drop();
  });
});

function addMigration(sql: string, directory = '20990101000000_extra'): void {
  mkdirSync(join(folder, directory));
  writeFileSync(join(folder, directory, 'migration.sql'), sql);
}

/** In a process of its own: Jest's module system has no import of ES modules. Answers with JSON. */
function migrate(): Promise<string> {
  const loader = pathToFileURL(join(ROOT, 'scripts', 'typescript.mjs')).href;
  const program = `require(${JSON.stringify(join(__dirname, 'migrate.ts'))})
    .migrate(...process.argv.slice(1))
    .then((names) => process.stdout.write(JSON.stringify(names)))
    .catch((error) => { process.stderr.write(String(error)); process.exitCode = 1; })`;
  return node('--import', loader, '-e', program, url, folder);
}

function node(...args: string[]): Promise<string> {
  const env = { ...process.env, TEST_DATABASE_URL: adminUrl };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: ROOT, env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr));
    });
  });
}

async function query(sql: string, target = url): Promise<unknown[]> {
  const connection = await new PrismaPg({ connectionString: target, max: 1 }).connect();
  try {
    return (await connection.underlyingDriver().query(sql)).rows;
  } finally {
    await connection.dispose();
  }
}
