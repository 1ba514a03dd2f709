import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../dev/embedded-postgres';
import { type BuiltService, runBuilt } from '../testing/built-service';
import { freePort } from '../testing/free-port';
import { query } from '../testing/orphan-postgres';
import { smtpRefusal, startRawServer, startSmtpServer } from '../testing/smtp-test-server';
import { asAdmin, createTestDatabase, databaseUrl } from '../testing/test-database';
import { testRedisUrl } from '../testing/test-redis';
import { TEST_TLS } from '../testing/tls-certificate';

const secret = () => randomBytes(36).toString('base64url');
const doctor = async (env: NodeJS.ProcessEnv, ...args: string[]) => {
  const run = runBuilt('doctor/main.js', env, args);
  const code = await run.ended;
  return { code, output: run.output() };
};
const rowOf = (output: string, words: string) =>
  output.split('\n').find((line) => line.includes(words)) ?? '';

describe('the doctor’s command line', () => {
  it('is explained, and refused with code 2', async () => {
    expect(await doctor({}, '--help')).toMatchObject({
      code: 0,
      output: expect.stringContaining('usage: npm run doctor'),
    });
    const refused = await doctor({}, '--colour');
    expect(refused).toMatchObject({ code: 2, output: expect.stringContaining('usage: npm run doctor') });
    expect(refused.output).not.toContain('    at ');
  }, 30_000);

  it('lists faults of the settings as failed musts, with code 2', async () => {
    const env = { NODE_ENV: 'production', SECRET_KEYS: 'hunter2', PORT: 'x' };
    const { code, output } = await doctor(env);
    expect(code).toBe(2);
    for (const name of ['DATABASE_URL', 'REDIS_URL', 'SECRET_KEYS', 'PORT', 'METRICS_TOKEN']) {
      expect(rowOf(output, `${name} can be used`)).toMatch(/^TG-0 ● +fail /);
    }
    expect(output).not.toContain('hunter2');
    const { output: json } = await doctor(env, '--json');
    expect(JSON.parse(json)).toMatchObject({ ok: false, production: true });
  }, 30_000);
});

const redisUrl = testRedisUrl();
if (redisUrl !== undefined) {
  describe('the doctor of a production instance', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-doctor-'));
    const name = `doctor_${process.pid}_${randomBytes(4).toString('hex')}`;
    let env: NodeJS.ProcessEnv;
    let postgres: EmbeddedPostgres;
    let service: BuiltService;
    let adminUrl: string;

    beforeAll(async () => {
      chmodSync(folder, 0o711); // as root PostgreSQL runs as another user
      // Of its own: that of the tests is not durable, which a must forbids.
      postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
      adminUrl = postgres.url;
      const port = String(await freePort());
      const url = new URL(databaseUrl(adminUrl, name));
      Object.assign(url, { username: name, password: secret() });
      await asAdmin(adminUrl, [
        `CREATE ROLE ${name} LOGIN PASSWORD '${url.password}'`,
        `CREATE DATABASE ${name} OWNER ${name}`,
      ]);
      env = {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: port,
        BASE_URL: `http://127.0.0.1:${port}`,
        DATABASE_URL: url.href,
        REDIS_URL: redisUrl,
        SMTP_URL: 'smtp://127.0.0.1:1',
        JWT_SECRET: secret(),
        SECRET_KEYS: secret(),
        PASSWORD_PEPPER: secret(),
        METRICS_TOKEN: secret(),
        BCRYPT_COST: '10',
      };
      service = runBuilt('main.js', { ...env, ADMIN_EMAIL: 'ops@acme-works.io', ADMIN_PASSWORD: secret() });
      await service.printed('"msg":"serving"');
    }, 60_000);
    afterAll(async () => {
      service.child.kill('SIGTERM');
      await service.ended;
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    }, 30_000);

    it('ends with 0 when no must failed', async () => {
      const { code, output } = await doctor(env);
      expect(output).toContain('Of the musts (●) 0 failed.');
      expect(code).toBe(0);
      for (const check of [
        'TG-7 ●',
        'TG-8 ●',
        'TG-10 ●',
        'TG-11 ●',
        'TG-14 ●',
        'V13.2.2 ●',
        'TG-3 ●',
        'V13.4.5 ●',
      ]) {
        expect(rowOf(output, check)).toMatch(/ pass {2}/);
      }
      expect(rowOf(output, 'TG-13')).toMatch(/ fail .* nothing listens there/);
    }, 30_000);

    it('ends with 1 when one did: a role that may do all', async () => {
      const url = new URL(adminUrl);
      url.pathname = `/${name}`;
      const { code, output } = await doctor({ ...env, DATABASE_URL: url.href });
      expect(rowOf(output, 'V13.2.2 ●')).toMatch(/ fail .*SUPERUSER/);
      expect(code).toBe(1);
    }, 30_000);

    it('ends with 1 for an instance that was named and does not answer', async () => {
      expect((await doctor({ ...env, BASE_URL: 'http://127.0.0.1:1' })).code).toBe(0);
      const { code, output } = await doctor(env, '--url', 'http://127.0.0.1:1');
      expect(rowOf(output, 'TG-14 ●')).toMatch(/ fail .*nothing listens there/);
      expect(code).toBe(1);
    }, 30_000);

    it('sees a migration that was changed after it was applied', async () => {
      const database = await createTestDatabase();
      const broken = { ...env, DATABASE_URL: database.url };
      await query(
        database.url,
        "UPDATE _prisma_migrations SET checksum = 'x' WHERE migration_name LIKE '%_init'",
      );
      expect(rowOf((await doctor(broken)).output, 'TG-8 ●')).toMatch(
        / fail .*changed after they were applied: \d+_init/,
      );
      await query(database.url, 'DROP TABLE _prisma_migrations');
      expect(rowOf((await doctor(broken)).output, 'TG-8 ●')).toMatch(
        / warn .*the next start applies \d+_init, /,
      );
      expect(await query(database.url, "SELECT to_regclass('_prisma_migrations') AS made")).toEqual([
        { made: null },
      ]);
      await database.drop();
    }, 30_000);

    it('counts accounts that an older cost or a lost pepper hashed', async () => {
      const older = await doctor({ ...env, BCRYPT_COST: '11' });
      expect(rowOf(older.output, 'Stored hashes')).toMatch(/ warn .* 1 of 1 are older/);
      const lost = await doctor({ ...env, PASSWORD_PEPPER: secret() });
      expect(rowOf(lost.output, 'TG-3 ●')).toMatch(/ fail .* 1 of 1 do not/);
      expect(lost.code).toBe(1);
    }, 30_000);

    it('verifies certificates as the service does: of the mail server and of the instance', async () => {
      const authority = join(folder, 'ca.pem');
      writeFileSync(authority, TEST_TLS.cert);
      const mail = await startSmtpServer({ ...TEST_TLS, secure: true });
      const instance = createTlsServer(
        TEST_TLS,
        (_request, response) => void response.end('{"status":"live"}'),
      );
      await new Promise<void>((resolve) => instance.listen(0, '127.0.0.1', resolve));
      const { port } = instance.address() as { port: number };
      const settings = { ...env, SMTP_URL: `smtps://localhost:${mail.port}` };
      const looked = (more: NodeJS.ProcessEnv) =>
        doctor({ ...settings, ...more }, '--url', `https://localhost:${port}`);
      try {
        const strange = (await looked({})).output;
        expect(rowOf(strange, 'TG-13')).toMatch(/ fail {2}/);
        expect(rowOf(strange, 'V12.2.2 ●')).toMatch(/ fail .*vouches/);
        const known = (await looked({ NODE_EXTRA_CA_CERTS: authority })).output;
        expect(rowOf(known, 'TG-13')).toMatch(/ pass .*over TLS/);
        expect(rowOf(known, 'V12.2.2 ●')).toMatch(/ pass .*for \d+ days/);
      } finally {
        await mail.close();
        await new Promise((resolve) => instance.close(resolve));
      }
    }, 30_000);
  });
}

describe('no secret', () => {
  const plant = (what: string) => `PLANTED-${what}-${randomBytes(12).toString('hex')}-PLANTED`;
  const pem = String(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  const expectNone = (output: string) => {
    expect(output).not.toMatch(/planted/i);
    expect(output).not.toContain(Buffer.from('PLANTED').toString('base64').slice(0, 8));
    for (const line of pem.split('\n').filter((line) => line.length > 30))
      expect(output).not.toContain(line.slice(0, 16));
  };
  const planted = (): NodeJS.ProcessEnv => ({
    NODE_ENV: 'production',
    BASE_URL: 'http://127.0.0.1:1',
    DATABASE_URL: `postgresql://user:${plant('database')}@127.0.0.1:1/x`,
    REDIS_URL: `redis://:${plant('redis')}@127.0.0.1:1`,
    SMTP_URL: `smtp://user:${plant('smtp')}@127.0.0.1:1`,
    MAIL_FROM: 'no-reply@acme-works.io',
    JWT_ALG: 'RS256',
    JWT_PRIVATE_KEYS: pem,
    JWT_SECRET: plant('jwt'),
    SECRET_KEYS: `${plant('keys')},${plant('older-keys')}`,
    PASSWORD_PEPPER: plant('pepper'),
    METRICS_TOKEN: plant('metrics'),
    ADMIN_EMAIL: `${plant('admin')}@acme-works.io`.toLowerCase(),
    ADMIN_PASSWORD: plant('entry'),
    BCRYPT_COST: '10',
  });

  it.each([[[]], [['--json']]])(
    'stands in a report: %j',
    async (args) => {
      const { code, output } = await doctor(planted(), ...args);
      expect(code).toBe(1);
      expect(output).toContain('V11.5.1');
      expectNone(output);
    },
    30_000,
  );

  it('stands in a report that it was repeated to by servers', async () => {
    const text = plant('said');
    const message = `SFATAL\0VFATAL\0C28P01\0Mpassword ${text} is wrong\0\0`;
    const length = Buffer.alloc(4);
    length.writeInt32BE(Buffer.byteLength(message) + 4);
    const postgres = await startRawServer((socket) => {
      socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(message)])));
    });
    const redis = await startRawServer((socket) => {
      socket.on('data', () => socket.write(`-ERR ${text}\r\n`));
    });
    const mail = await startSmtpServer({
      authOptional: false,
      onAuth: (_auth, _session, done) => done(smtpRefusal(535, text)),
    });
    try {
      const { output } = await doctor({
        ...planted(),
        DATABASE_URL: `postgresql://user:${plant('database')}@${new URL(postgres.url).host}/x`,
        REDIS_URL: `redis://:${plant('redis')}@${new URL(redis.url).host}`,
        SMTP_URL: `smtp://user:${plant('smtp')}@127.0.0.1:${mail.port}`,
      });
      expect(rowOf(output, 'TG-7 ●')).toContain('it refuses the user or the password');
      expect(rowOf(output, 'TG-10 ●')).toMatch(/ fail {2}/);
      expect(rowOf(output, 'TG-13')).toMatch(/ fail .*it refuses the user or the password/);
      expectNone(output);
    } finally {
      for (const server of [postgres, redis, mail]) await server.close();
    }
  }, 30_000);

  it('stands among the faults of settings that cannot be used', async () => {
    const env = Object.fromEntries(
      Object.keys(planted()).map((name) => [
        name,
        name === 'NODE_ENV' ? 'production' : plant(name.toLowerCase()),
      ]),
    );
    const { code, output } = await doctor({
      ...env,
      TRUST_PROXY: plant('proxy'),
      CORS_ORIGINS: plant('cors'),
    });
    expect(code).toBe(2);
    expectNone(output);
  }, 30_000);
});
