import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, query, startAndKillStarter } from '../testing/orphan-postgres';
import { startEmbeddedPostgres } from './embedded-postgres';
import { fillGapsOfCommand } from './fill-gaps';
import { readLock } from './postgres-lock';
import { endOrphan } from './postgres-orphan';
import { reachEmbeddedPostgres } from './reach-postgres';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-reach-'));
chmodSync(folder, 0o711); // as root PostgreSQL runs as another user
const dataDir = join(folder, 'postgres');
const one = async (url: string) => expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('reaching the development database', () => {
  it('starts a server where none runs, and ends it', async () => {
    const reached = await reachEmbeddedPostgres(dataDir);
    await one(reached.url);
    await reached.stop();
    expect(readLock(dataDir)).toBeUndefined();
  });

  it('uses the one of a run that is under way, and lets it go on', async () => {
    const service = await startEmbeddedPostgres({ dataDir, durable: false });
    const reached = await reachEmbeddedPostgres(dataDir);
    expect(reached.url).toBe(service.url);
    await reached.stop();
    await one(service.url);
    await service.stop();
  });

  it('uses the one that a killed run has left, and lets it go on', async () => {
    const orphan = await startAndKillStarter(dataDir);
    const reached = await reachEmbeddedPostgres(dataDir);
    await one(reached.url);
    await reached.stop();
    expect(isAlive(orphan)).toBe(true);
    await endOrphan(dataDir);
  });

  it('ends up with one and the same server when several start at once', async () => {
    const reached = await Promise.all(Array.from({ length: 4 }, () => reachEmbeddedPostgres(dataDir)));
    expect(new Set(reached.map(({ url }) => url)).size).toBe(1);
    for (const { url } of reached) await one(url);
    await Promise.all(reached.map(({ stop }) => stop()));
    expect(readLock(dataDir)).toBeUndefined();
  });
});

describe('filling the gaps for a command', () => {
  it('gives it the database and the secrets of the service, and keeps what is given', async () => {
    const given = {
      JWT_SECRET: 'given',
      PASSWORD_PEPPER_FILE: '/given',
      SECRET_KEYS: '',
      ADMIN_EMAIL: 'ops@example.org',
    };
    const parts = await fillGapsOfCommand(given, folder);
    const { environment, filled } = parts;
    await one(String(environment['DATABASE_URL']));
    expect([...filled].sort()).toEqual(['ADMIN_PASSWORD', 'DATABASE_URL', 'SECRET_KEYS', 'SMTP_URL']);
    expect(environment).toMatchObject({ JWT_SECRET: 'given', ADMIN_EMAIL: 'ops@example.org' });
    expect(environment).not.toHaveProperty('PASSWORD_PEPPER');
    await parts.stop();
    const again = await fillGapsOfCommand(given, folder);
    expect(again.environment['SECRET_KEYS']).toBe(environment['SECRET_KEYS']);
    await again.stop();
    expect(readLock(dataDir)).toBeUndefined();
  });
});
