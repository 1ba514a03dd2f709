import { migrate } from '../stores/postgres/migrate';
import { keepForTeardown } from './global-teardown';
import { findRedisServer, startRedisServer } from './redis-server';
import { startScratchPostgres } from './scratch-postgres';
import { ADMIN_URL, asAdmin, databaseUrl, TEMPLATE } from './test-database';
import { REDIS_URL } from './test-redis';

/**
 * Before all tests: one PostgreSQL (or that of TEST_DATABASE_URL) with a migrated template, and one Redis (or that of
 * TEST_REDIS_URL). Workers find them by their environment.
 */
export default async function globalSetup(): Promise<void> {
  await startRedis();
  await startDatabase();
}

async function startDatabase(): Promise<void> {
  let adminUrl = process.env['TEST_DATABASE_URL'];
  if (!adminUrl) {
    const postgres = await startScratchPostgres();
    keepForTeardown(() => postgres.stop());
    adminUrl = postgres.url;
  }
  // With the number of this run: several may share a server.
  const template = `tollgate_template_${process.pid}`;
  const url = adminUrl;
  await asAdmin(url, [`DROP DATABASE IF EXISTS ${template}`, `CREATE DATABASE ${template}`]);
  keepForTeardown(() => asAdmin(url, [`DROP DATABASE IF EXISTS ${template}`]));
  await migrate(databaseUrl(url, template));
  // A database that somebody is connected to cannot be copied.
  await asAdmin(url, [`ALTER DATABASE ${template} ALLOW_CONNECTIONS false`]);
  process.env[ADMIN_URL] = url;
  process.env[TEMPLATE] = template;
}

async function startRedis(): Promise<void> {
  const given = process.env['TEST_REDIS_URL'];
  if (given) {
    process.env[REDIS_URL] = given;
    return;
  }
  if (findRedisServer() === undefined) {
    const message = 'no redis-server or valkey-server found (install one, or set TEST_REDIS_URL)';
    if (process.env['CI'] === 'true') throw new Error(`the Redis suites must run in CI: ${message}`);
    process.stdout.write(`Redis suites skipped: ${message}\n`);
    return;
  }
  const redis = await startRedisServer();
  keepForTeardown(() => redis.stop());
  process.env[REDIS_URL] = redis.url;
}
