import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openServer } from '../../bench/databases.mjs';
import { freePort } from '../../bench/service.mjs';
import { apiEnvironment, redisCommand } from './compose.mjs';
import { rendered, start } from './running.mjs';

/** The embedded PostgreSQL has a database and a user named `tollgate` of its own. */
const NAME = 'stack_drill';
const ROOT = join(import.meta.dirname, '..', '..');
const DEPLOYED_OWNER = join(ROOT, 'deploy', 'compose', 'make-owner.sql');
const TOOL_MS = 10_000;
const DOCTOR_MS = 60_000;

/** Makes the secrets by the script of the service `secrets`, and says what it printed. */
export function makeSecrets(folder) {
  mkdirSync(folder);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['deploy/compose/make-secrets.mjs', folder],
    {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: 10_000,
    },
  );
  if (status !== 0) throw new Error(`make-secrets.mjs: ${stderr}`);
  return stdout;
}

/** PostgreSQL and Redis behind the passwords made. The first is embedded, or that of DATABASE_URL. */
export async function startStores({ dir, secrets, stops }) {
  const server = await openServer({ durable: true });
  stops.push(() => server.stop());
  const { url } = await server.createDatabase(`${NAME}_admin`);
  stops.push(() =>
    asSuperuser(url, ['--command', `DROP DATABASE ${NAME} WITH (FORCE)`, '--command', `DROP ROLE ${NAME}`]),
  );
  makeOwner({ url, dir, secrets });

  const redisPort = await freePort();
  const data = join(dir, 'redis');
  mkdirSync(data);
  const command = redisCommand({ port: redisPort, data, secrets: join(secrets, 'redis') });
  const redis = await start('redis', ...command, {
    log: join(dir, 'redis.log'),
    ready: () => accepts(redisPort),
  });
  stops.push(() => redis.stop());
  const { hostname, port } = new URL(url);
  return { postgres: `${hostname}:${port || 5432}/${NAME}`, redis: `127.0.0.1:${redisPort}` };
}

/** Makes the service's role and database by the file that the image runs; other are the name and where the secret lies. */
function makeOwner({ url, dir, secrets }) {
  const script = join(dir, 'make-owner.sql');
  const own = rendered(DEPLOYED_OWNER, readFileSync(DEPLOYED_OWNER, 'utf8'), [
    ['/run/secrets/postgres', join(secrets, 'postgres')],
    ['ROLE tollgate', `ROLE ${NAME}`],
    ['DATABASE tollgate OWNER tollgate', `DATABASE ${NAME} OWNER ${NAME}`],
  ]);
  writeFileSync(script, own);
  asSuperuser(url, ['--file', script]);
}

/** Runs psql as the image does. */
function asSuperuser(url, args) {
  const options = ['--no-psqlrc', '--no-password', '--set', 'ON_ERROR_STOP=1', '--dbname', url];
  const { status, stderr, error } = spawnSync('psql', [...options, ...args], {
    encoding: 'utf8',
    timeout: TOOL_MS,
  });
  if (error) throw new Error(`psql: ${error.message} (Debian: apt-get install postgresql-client)`);
  if (status !== 0) throw new Error(`psql: ${stderr}`);
}

/** What the doctor in the image says of an instance as Compose sets it up: each check with its verdict. */
export function examine({ secrets, host, port }) {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['dist/doctor/main.js', '--json', '--url', `http://${host}:${port}`],
    { ...runAs({ secrets, host, port }), encoding: 'utf8', timeout: DOCTOR_MS },
  );
  if (!stdout.startsWith('{')) throw new Error(`the doctor: ${stderr}`);
  return JSON.parse(stdout).results;
}

/** Writes the API's URLs again, with the addresses of this run in place of those in Compose's networks. */
export function pointAt({ postgres, redis, smtp }, secrets) {
  for (const [name, from, to] of [
    ['database_url', '@postgres:5432/tollgate', `@${postgres}`],
    ['redis_url', '@redis:6379', `@${redis}`],
    ['smtp_url', 'smtp://mailpit:1025', smtp],
  ]) {
    const path = join(secrets, 'api', name);
    const url = readFileSync(path, 'utf8');
    if (!url.includes(from)) throw new Error(`${name} does not name ${from}`);
    const here = url.replace(from, to).replace('//tollgate:', `//${NAME}:`);
    writeFileSync(`${path}_here`, here, { mode: 0o400 });
  }
}

/** An instance with the environment of its container; other are the address that it is at, its stores and the mail server. */
export function startInstance({ dir, secrets, host, port }) {
  return start(`the instance at ${host}`, process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    ...runAs({ secrets, host, port }),
    log: join(dir, `api-${host}.log`),
    ready: async () => (await fetch(`http://${host}:${port}/health/ready`)).status === 200,
  });
}

function runAs({ secrets, host, port }) {
  const environment = apiEnvironment(join(secrets, 'api'));
  for (const name of ['DATABASE_URL_FILE', 'REDIS_URL_FILE', 'SMTP_URL_FILE']) environment[name] += '_here';
  return {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment, HOST: host, PORT: String(port) },
  };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (there) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
