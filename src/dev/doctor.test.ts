import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuiltService, runBuilt } from '../testing/built-service';
import { describedFetch } from '../testing/described-fetch';
import { freePort } from '../testing/free-port';
import { isAlive } from '../testing/orphan-postgres';
import { readLock } from './postgres-lock';

describe('the doctor in development', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-doctor-dev-'));
  chmodSync(folder, 0o711); // as root PostgreSQL runs as another user
  const postgres = join(folder, 'postgres');
  let env: NodeJS.ProcessEnv;
  const start = (...args: string[]) => runBuilt('dev/doctor.js', env, [`--data-dir=${folder}`, ...args]);
  const doctor = async (...args: string[]) => {
    const run = start(...args);
    return { code: await run.ended, output: run.output() };
  };
  const rowOf = (output: string, words: string) =>
    output.split('\n').find((line) => line.includes(words)) ?? '';

  beforeAll(async () => {
    env = {
      PORT: String(await freePort()),
      INBOX_PORT: String(await freePort()),
      LOG_LEVEL: 'warn',
      BCRYPT_COST: '4',
    };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('looks before anything was ever started, and leaves nothing running', async () => {
    const { code, output } = await doctor();
    expect(rowOf(output, 'TG-8 ●')).toMatch(/ warn .*the next start applies/);
    expect(rowOf(output, 'TG-14 ●')).toMatch(/ not checked .*nothing listens there/);
    expect(rowOf(output, 'V11.4.2 ●')).toMatch(/ warn .*cost 4.*\(in production: fail\)/);
    expect(code).toBe(0);
    expect(readLock(postgres)).toBeUndefined();
  }, 60_000);

  it('judges as if for production where it is asked to', async () => {
    const { code, output } = await doctor('--production');
    expect(rowOf(output, 'TG-1 ●')).toMatch(/ fail .*missing: DATABASE_URL/);
    expect(rowOf(output, 'V11.4.2 ●')).toMatch(/ fail .*cost 4/);
    expect(code).toBe(1);
  }, 60_000);

  it('ends the server that it started when it is interrupted', async () => {
    const run = start();
    for (let waited = 0; readLock(postgres)?.ready !== true && waited < 20_000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const server = readLock(postgres)?.pid ?? 0;
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(2);
    for (let waited = 0; isAlive(server) && waited < 10_000; waited += 20) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(isAlive(server)).toBe(false);
  }, 60_000);

  describe('beside a service', () => {
    let service: BuiltService;
    beforeAll(async () => {
      service = runBuilt('dev/main.js', env, [`--data-dir=${folder}`]);
      await service.printed('Tollgate is ready.');
    }, 60_000);
    afterAll(async () => {
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
    }, 30_000);

    it('looks at its database and its answers, and lets it go on', async () => {
      const { code, output } = await doctor();
      expect(code).toBe(0);
      expect(rowOf(output, 'TG-8 ●')).toMatch(/ pass {2}/);
      expect(rowOf(output, 'TG-14 ●')).toMatch(/ pass {2}/);
      expect(rowOf(output, 'V16.5.1 ●')).toMatch(/ pass {2}/);
      expect(rowOf(output, 'TG-6')).toMatch(/ pass .* 1$/);
      expect((await describedFetch(`http://localhost:${env['PORT']}/health/ready`)).status).toBe(200);
    }, 30_000);
  });

  it('is run by a script whose standard output is the report alone', () => {
    const root = join(__dirname, '..', '..');
    const script = spawnSync(process.execPath, [join(root, 'scripts', 'doctor.mjs'), '--list'], {
      encoding: 'utf8',
    });
    expect(script.stdout).toBe(readFileSync(join(root, 'docs', 'asvs.md'), 'utf8'));
    expect(script.status).toBe(0);
  }, 60_000);

  it('refuses a command line that it does not understand with code 2, and starts nothing for it', async () => {
    const run = runBuilt('dev/doctor.js', env, ['--data-dir=/nonexistent/tollgate', '--url=hello']);
    expect(await run.ended).toBe(2);
    expect(run.output()).toContain('--url takes an http or https origin');
    expect(existsSync('/nonexistent')).toBe(false);
  }, 30_000);
});
