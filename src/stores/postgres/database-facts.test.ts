import { randomBytes } from 'node:crypto';
import { systemClock } from '../../clock';
import { query } from '../../testing/orphan-postgres';
import { startRawServer } from '../../testing/smtp-test-server';
import { TestClock } from '../../testing/test-clock';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database';
import { readDatabaseFacts } from './database-facts';

describe('what a database says of itself', () => {
  let database: TestDatabase;
  const facts = () => readDatabaseFacts(database.url, 4_000, systemClock);
  const addUser = (email: string, more: Readonly<Record<string, string>> = {}) => {
    const values = {
      id: 'gen_random_uuid()',
      email: `'${email}'`,
      username: "'ada'",
      registered_at: 'now()',
      created_at: 'now()',
      ...more,
    };
    return query(
      database.url,
      `INSERT INTO users (${Object.keys(values).join(', ')}) VALUES (${Object.values(values).join(', ')})`,
    );
  };
  const ADMIN = { role: "'ADMIN'", email_verified_at: 'now()' };

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  it('is its version, our connection and our role', async () => {
    expect(await facts()).toMatchObject({
      encrypted: false,
      powers: expect.arrayContaining(['SUPERUSER', 'CREATEDB']),
    });
    const { majorVersion } = await facts();
    expect(majorVersion).toBeGreaterThanOrEqual(15);
  });

  it('is no power of a plain role', async () => {
    const role = `plain_${randomBytes(4).toString('hex')}`;
    await query(database.url, `CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    try {
      await query(database.url, `GRANT SELECT ON users TO ${role}`);
      const url = new URL(database.url);
      Object.assign(url, { username: role, password: 'x' });
      expect((await readDatabaseFacts(url.href, 4_000, systemClock)).powers).toEqual([]);
    } finally {
      await query(database.url, `DROP OWNED BY ${role}`);
      await query(database.url, `DROP ROLE ${role}`);
    }
  });

  it('counts the active admins, and those with the sample address', async () => {
    await addUser('user@example.com', { email_verified_at: 'now()' });
    await addUser('pending@example.com', { role: "'ADMIN'" });
    await addUser('disabled@example.com', { ...ADMIN, disabled_at: 'now()' });
    await addUser('again@example.com', {
      ...ADMIN,
      disabled_at: 'now()',
      disabled_until: "now() - interval '1 hour'",
    });
    await addUser('ada@example.com', ADMIN);
    await addUser('admin@localhost.test', ADMIN);
    expect((await facts()).accounts).toMatchObject({ activeAdmins: 3, sampleAdmins: 1 });
  });

  it('groups the stored hashes by their heads, and reads nothing of salt or digest', async () => {
    const hash = (cost: string, rest: string) => `'tg1$AAAAAAAAAAA$$2b$${cost}$${rest.repeat(53)}'`;
    await addUser('a@example.com', { password_hash: hash('10', 'a') });
    await addUser('b@example.com', { password_hash: hash('12', 'b') });
    await addUser('c@example.com', { password_hash: hash('12', 'c') });
    await addUser('void@example.com');
    expect((await facts()).accounts?.hashes).toEqual([
      { head: 'tg1$AAAAAAAAAAA$$2b$12', accounts: 2 },
      { head: 'tg1$AAAAAAAAAAA$$2b$10', accounts: 1 },
    ]);
  });

  it('has no accounts where there are no tables, and makes none', async () => {
    await query(database.url, 'DROP SCHEMA public CASCADE');
    await query(database.url, 'CREATE SCHEMA public');
    expect((await facts()).accounts).toBeUndefined();
    expect(await query(database.url, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  });

  it('shows a clock of ours that is wrong', async () => {
    const clock = new TestClock();
    clock.advance(-7_000);
    const { aheadMs, uncertaintyMs } = (await readDatabaseFacts(database.url, 4_000, clock)).clock;
    expect(Math.abs(aheadMs - 7_000)).toBeLessThanOrEqual(uncertaintyMs + 1);
  });

  it('shows what a crash may cost', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c synchronous_commit=off');
    expect((await readDatabaseFacts(url.href, 4_000, systemClock)).undurable).toContain('synchronous_commit');
  });
});

it('gives up on a server that says nothing', async () => {
  const silent = await startRawServer();
  const url = silent.url.replace('smtp://', 'postgresql://user:pw@').concat('/x');
  await expect(readDatabaseFacts(url, 200, systemClock)).rejects.toThrow(/timeout/i);
  await silent.close();
});
