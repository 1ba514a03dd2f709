// A service with so many live sessions, of half as many users, for `scrape.mjs` to ask. Run by it as a process of its own:
//   node bench/scrape-service.mjs <sessions>      over DATABASE_URL, and REDIS_URL or stores in the process
// Sends `{port}` to its parent when they are there.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { createApp } = require('../dist/app.js');
const { openBackends } = require('../dist/backends.js');
const { systemClock: clock } = require('../dist/clock.js');
const { compose } = require('../dist/compose.js');
const { loadConfig } = require('../dist/config.js');
const { startDependencyWatch } = require('../dist/dependency-watch.js');
const { createLogger } = require('../dist/observability/logger.js');
const { openRedis } = require('../dist/stores/redis/redis.js');
const { Metrics } = require('../dist/observability/metrics.js');
const { uuidv7 } = require('uuidv7');

/** The first so many sessions are put in by the store itself. */
const THROUGH_STORE = 1_000;
const BATCH = 1_000;
const DAY_MS = 86_400_000;
const sessions = Number(process.argv[2]);

const config = loadConfig({
  SMTP_URL: 'smtp://127.0.0.1:1',
  JWT_SECRET: 'a-signing-secret-of-this-bench-and-no-other',
  SECRET_KEYS: 'a-derivation-secret-of-this-bench-and-no-other',
  PASSWORD_PEPPER: 'a-pepper-of-this-bench-and-of-no-other-one',
  BCRYPT_COST: '4',
  DATABASE_URL: process.env.DATABASE_URL,
  ...(process.env.REDIS_URL && { REDIS_URL: process.env.REDIS_URL }),
});
const logger = createLogger('fatal');
const metrics = new Metrics('bench', []);
const backends = await openBackends(config, clock, {
  ...metrics.dependencies.events,
  onRedisState: () => {},
  onAudit: () => {},
});
const { services } = await compose(config, backends, { clock, logger, metrics });
startDependencyWatch(services.health, metrics);
// Through the store; what Redis is to hold beyond that goes straight into the sets that it counts from.
await fill(backends.sessionStore, config.redisUrl === undefined ? sessions : THROUGH_STORE);
if (config.redisUrl !== undefined) await fillSets(sessions - THROUGH_STORE);
const server = createServer(createApp({ config, services, logger })).listen(0, '127.0.0.1');
server.once('listening', () => process.send({ port: server.address().port }));
// The parent has gone.
process.once('disconnect', () => process.exit());

async function fill(store, count) {
  const users = Array.from({ length: Math.ceil(count / 2) }, () => uuidv7());
  for (let n = 0; n < count; n++) {
    const id = users[n % users.length];
    const now = clock.now();
    const user = {
      id,
      email: `${id}@example.com`,
      username: 'Ada Lovelace',
      role: 'USER',
      emailVerified: true,
      createdAt: now,
      version: 1,
    };
    await store.restore(user, {
      sessionId: uuidv7(),
      userId: id,
      generation: 1,
      confirmedAt: now,
      expiresAt: now + lifetime(),
      endsAt: now + 30 * DAY_MS,
      freshUntil: now,
    });
  }
}

async function fillSets(count) {
  const connection = openRedis({ url: config.redisUrl });
  await connection.ready();
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    for (const [set, members] of [
      ['sessions', size],
      ['users', size / 2],
    ]) {
      const entries = Array.from({ length: members }, () => [clock.now() + lifetime(), uuidv7()]).flat();
      await connection.client.zadd(`tollgate:{live}:${set}`, ...entries);
    }
  }
  await connection.close();
}

/** From an hour to a week, in milliseconds. */
function lifetime() {
  return DAY_MS / 24 + Math.floor(Math.random() * 7 * DAY_MS);
}
