import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openServer } from '../../bench/databases.mjs';
import { freePort } from '../../bench/service.mjs';
import { apiEnvironment, redisCommand } from './compose.mjs';
import { start } from './running.mjs';

/** The embedded PostgreSQL has a database and a user named `tollgate` of its own. */
const NAME = 'stack_drill';
const ROOT = join(import.meta.dirname, '..', '..');

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
  const server = await openServer();
  stops.push(() => server.stop());
  const database = await server.createDatabase(NAME);
  const password = readFileSync(join(secrets, 'postgres', 'password'), 'utf8');
  await database.pool.query(`CREATE ROLE ${NAME} LOGIN PASSWORD '${password}'`);
  await database.pool.query(`ALTER DATABASE ${NAME} OWNER TO ${NAME}`);

  const redisPort = await freePort();
  const data = join(dir, 'redis');
  mkdirSync(data);
  const command = redisCommand({ port: redisPort, data, secrets: join(secrets, 'redis') });
  const redis = await start('redis', ...command, {
    log: join(dir, 'redis.log'),
    ready: () => accepts(redisPort),
  });
  stops.push(() => redis.stop());
  const { hostname, port } = new URL(database.url);
  return { postgres: `${hostname}:${port || 5432}/${NAME}`, redis: `127.0.0.1:${redisPort}` };
}

/** Writes the API's URLs again, with the addresses of this run in place of those in Compose's networks. */
export function pointAt({ postgres, redis }, secrets) {
  for (const [name, from, to] of [
    ['database_url', '@postgres:5432/tollgate', `@${postgres}`],
    ['redis_url', '@redis:6379', `@${redis}`],
  ]) {
    const path = join(secrets, 'api', name);
    const url = readFileSync(path, 'utf8');
    if (!url.includes(from)) throw new Error(`${name} does not name ${from}`);
    const here = url.replace(from, to).replace('//tollgate:', `//${NAME}:`);
    writeFileSync(`${path}_here`, here, { mode: 0o400 });
  }
}

/** An instance with the environment of its container; other are the address that it is at, its stores and the mail server. */
export function startInstance({ dir, secrets, host, port, smtpUrl }) {
  const environment = apiEnvironment(join(secrets, 'api'));
  for (const name of ['DATABASE_URL_FILE', 'REDIS_URL_FILE']) environment[name] += '_here';
  return start(`the instance at ${host}`, process.execPath, ['--enable-source-maps', 'dist/main.js'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...environment, HOST: host, PORT: String(port), SMTP_URL: smtpUrl },
    log: join(dir, `api-${host}.log`),
    ready: async () => (await fetch(`http://${host}:${port}/health/ready`)).status === 200,
  });
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
