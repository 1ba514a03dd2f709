import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';

/**
 * A PostgreSQL to make databases on: that of DATABASE_URL, or else an embedded one of our own, whose data go when it is
 * stopped (and, like the data of tests, are not safe in a crash, unless it is to be `durable`).
 */
export async function openServer({ durable = false } = {}) {
  await prepare({ build: true });
  const require = createRequire(import.meta.url);
  const { PrismaPg } = require('@prisma/adapter-pg');
  const { startEmbeddedPostgres } = require('../dist/dev/embedded-postgres.js');
  const given = process.env.DATABASE_URL;
  const server = given
    ? { url: given, stop: async () => {} }
    : await startEmbedded(startEmbeddedPostgres, durable);
  const open = async (url) => {
    const connection = await new PrismaPg({ connectionString: url, max: 1 }).connect();
    return { pool: connection.underlyingDriver(), close: () => connection.dispose() };
  };
  const admin = await open(server.url);
  const made = [];
  return {
    version: (await admin.pool.query('SHOW server_version')).rows[0].server_version,
    /** An empty database, with a connection to it. */
    async createDatabase(name) {
      await admin.pool.query(`CREATE DATABASE ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      const { pool, close } = await open(url.href);
      made.push({ name, close });
      return { url: url.href, pool };
    },
    async stop() {
      for (const { name, close } of made) {
        await close();
        await admin.pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
      }
      await admin.close();
      await server.stop();
    },
  };
}

async function startEmbedded(startEmbeddedPostgres, durable) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  chmodSync(folder, 0o711); // as root PostgreSQL runs as another user
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), durable });
  return {
    url: postgres.url,
    async stop() {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
