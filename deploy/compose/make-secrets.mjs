// Makes what docker-compose.yml keeps secret, once, each into the volume of the service that may read it:
//
//   node make-secrets.mjs [folder]      /secrets by default, with a folder for each of the volumes
//
// A value that the environment has (from .env) wins, also over one kept from before; what is there stays; the rest is made.
// Nothing is printed but names. Files belong to the user of the container that reads them and can be read by nobody else.
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Who reads in each container: node, postgres, redis, nobody. Files stay in root's group, so that this script can read on. */
const READERS = { api: 1000, postgres: 999, redis: 999, prometheus: 65_534 };
/** Bytes of a secret made here: 256 bits. */
const BYTES = 32;

const folder = process.argv[2] ?? '/secrets';
/** Only root can hand files to others; started by anybody else they stay their own. */
const isRoot = process.getuid?.() === 0;

secret('postgres', 'superuser_password');
const postgresPassword = secret('postgres', 'password', process.env.POSTGRES_PASSWORD);
const redisPassword = secret('redis', 'password', process.env.REDIS_PASSWORD);
const metricsToken = secret('api', 'metrics_token', process.env.METRICS_TOKEN);
keep('prometheus', 'metrics_token', metricsToken);
keep(
  'api',
  'database_url',
  `postgresql://tollgate:${encodeURIComponent(postgresPassword)}@postgres:5432/tollgate`,
);
keep('api', 'redis_url', `redis://:${encodeURIComponent(redisPassword)}@redis:6379`);
secret('api', 'jwt_secret', process.env.JWT_SECRET);
secret('api', 'secret_keys', process.env.SECRET_KEYS);
secret('api', 'password_pepper', process.env.PASSWORD_PEPPER);
secret('api', 'admin_password', process.env.ADMIN_PASSWORD);
// It may hold a password.
keep('api', 'smtp_url', process.env.SMTP_URL || 'smtp://mailpit:1025');
keep('api', 'otel_exporter_otlp_headers', process.env.OTEL_EXPORTER_OTLP_HEADERS ?? '');
// For JWT_ALG other than HS256; made by `npm run admin -- keys new`, not here.
keep('api', 'jwt_private_keys', process.env.JWT_PRIVATE_KEYS ?? '');

/** The secret of this file: as given, or kept, or new. */
function secret(reader, name, given = '') {
  const path = join(folder, reader, name);
  const kept = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const value = given || kept || randomBytes(BYTES).toString('base64url');
  keep(reader, name, value);
  return value;
}

/** Writes a file whole or not at all, and leaves one alone that holds this already. */
function keep(reader, name, value) {
  const path = join(folder, reader, name);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  if (before === value) return;
  mkdirSync(join(folder, reader), { recursive: true });
  const whole = `${path}.new`;
  // One left by a run that was cut short can be removed, and not be written to: even root may not, here.
  rmSync(whole, { force: true });
  writeFileSync(whole, value, { mode: 0o440 });
  if (isRoot) chownSync(whole, READERS[reader], 0);
  renameSync(whole, path);
  process.stdout.write(`${reader}/${name}: ${before === undefined ? 'made' : 'changed'}\n`);
}
