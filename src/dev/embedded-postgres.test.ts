import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, query, startAndKillStarter } from '../testing/orphan-postgres';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';

const folder = mkdtempSync(join(tmpdir(), 'tollgate-embedded-'));
chmodSync(folder, 0o711); // as root PostgreSQL runs as another user
const dataDir = join(folder, 'postgres');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the embedded PostgreSQL', () => {
  it('keeps its data over a restart', async () => {
    await using(await start(), async ({ url }) => {
      await query(url, 'CREATE TABLE kept (n int)');
      await query(url, 'INSERT INTO kept VALUES (1)');
    });
    await using(await start(), async ({ url }) => {
      expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    });
  });

  it('lets in nobody without the password, and listens on the loopback address alone', async () => {
    await using(await start(), async ({ url }) => {
      const guess = new URL(url);
      guess.password = 'postgres';
      await expect(query(guess.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
      expect(await query(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
      expect(await query(url, 'SHOW unix_socket_directories')).toEqual([{ unix_socket_directories: '' }]);
      expect(statSync(join(dataDir, 'tollgate.password')).mode & 0o777).toBe(0o600);
    });
  });

  it('knows upper and lower case of every script', async () => {
    await using(await start(), async ({ url }) => {
      expect(await query(url, "SELECT lower('ÉŻЖΩ') AS lower")).toEqual([{ lower: 'éżжω' }]);
    });
  });

  it('is durable unless asked not to be', async () => {
    await using(await startEmbeddedPostgres({ dataDir }), async ({ url }) => {
      expect(await query(url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    });
  });

  it('takes over from a run that was killed, whose server lives on', async () => {
    const orphan = await startAndKillStarter(dataDir);
    expect(isAlive(orphan)).toBe(true);
    await using(await start(), async ({ url }) => {
      expect(isAlive(orphan)).toBe(false);
      expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    });
  });

  it('starts after its server was killed too', async () => {
    process.kill(await startAndKillStarter(dataDir), 'SIGKILL');
    await using(await start(), async ({ url }) => {
      expect(await query(url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    });
  });

  it('refuses data that a living run has open, and leaves that run alone', async () => {
    await using(await start(), async ({ url }) => {
      await expect(start()).rejects.toThrow(`in use by another run (process ${process.pid})`);
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  it('touches no stranger to whom the number of a dead server has gone', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    writeFileSync(join(dataDir, 'postmaster.pid'), `${stranger.pid}\n${dataDir}\n`);
    await using(await start(), async ({ url }) => {
      expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill();
  });

  it('says which port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startEmbeddedPostgres({ dataDir, port, durable: false })).rejects.toThrow(
      `port ${port}, asked for by the embedded PostgreSQL, is taken`,
    );
    other.close();
  });

  it('says what to do with data of another version', async () => {
    const other = join(folder, 'old');
    rmSync(other, { recursive: true, force: true });
    await using(await startEmbeddedPostgres({ dataDir: other, durable: false }), async () => {});
    writeFileSync(join(other, 'PG_VERSION'), '17\n');
    await expect(startEmbeddedPostgres({ dataDir: other })).rejects.toThrow(/are of PostgreSQL 17/);
  });
});

function start(): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, durable: false });
}

async function using(postgres: EmbeddedPostgres, work: (postgres: EmbeddedPostgres) => Promise<void>) {
  try {
    await work(postgres);
  } finally {
    await postgres.stop();
  }
}
