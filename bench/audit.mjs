// What does the audit trail cost an act? The same transactions of the stores by 64 writers, with their audit events and
// without, in rounds that alternate; a sealer chains the events every second meanwhile, as in the service.
//
//   npm run bench:audit                     6 rounds of 5 s each way, PostgreSQL durable as in production
//   ROUNDS=3 SECONDS=2 npm run bench:audit
//   WRITERS=16 POOL=10 npm run bench:audit
//   DURABLE=0 npm run bench:audit           without waiting for the disk: what is left is the work
//
// An audited round ends when its last event is sealed. Figures are medians of the rounds, the ratio is the median of the
// rounds' ratios. Ends with code 1 if a ratio is below 0.7.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { openServer } from './databases.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 6);
const SECONDS = Number(process.env.SECONDS ?? 5);
const WRITERS = Number(process.env.WRITERS ?? 64);
const POOL = Number(process.env.POOL ?? 10);
const DURABLE = process.env.DURABLE !== '0';
const USERS = 1_000;
const LEAST_RATIO = 0.7;

const server = await openServer({ durable: DURABLE });
const require = createRequire(import.meta.url);
const { migrate } = require('../dist/stores/postgres/migrate.js');
const { Database } = require('../dist/stores/postgres/database.js');
const { systemClock } = require('../dist/clock.js');
const { AuditSeal } = require('../dist/stores/audit/audit-seal.js');
const { PrismaAuditTrail } = require('../dist/stores/audit/prisma-audit-trail.js');
const { PrismaAuditSealer } = require('../dist/stores/audit/prisma-audit-sealer.js');
const { PrismaAccountStore } = require('../dist/stores/account/prisma-account-store.js');
const { PrismaSessionRecordStore } = require('../dist/stores/session-record/prisma-session-record-store.js');

const { url } = await server.createDatabase(`tollgate_audit_${process.pid}`);
const database = new Database(url, { poolSize: POOL, connectMs: 10_000, statementMs: 10_000 });
const unhurried = new Database(url, { poolSize: 1, statementMs: 60_000 });
try {
  await migrate(url);
  const users = await makeUsers();
  const clock = systemClock;
  const options = { clock, seal: new AuditSeal([randomBytes(32)]), onWritten: () => {} };
  const sealer = new PrismaAuditSealer({ ...options, database: unhurried });
  const trails = {
    with: new PrismaAuditTrail({ ...options, database }),
    without: { change: (_origin, work) => database.transaction((tx) => work(tx, () => {})) },
  };
  const acts = {
    'change of a name': (trail) => {
      const store = new PrismaAccountStore(database, trail, clock);
      return (userId, origin) => store.changeUsername(userId, 'Ada Lovelace', origin);
    },
    'begin of a session': (trail) => {
      const store = new PrismaSessionRecordStore(database, trail, clock);
      return (userId, origin) => store.begin(session(userId, origin.address), 1, 'password', origin);
    },
  };

  console.log(
    `PostgreSQL ${server.version} ${DURABLE ? 'durable' : 'not durable'}, Node ${process.version}, ${availableParallelism()} cores, ` +
      `${WRITERS} writers over ${POOL} connections, ${ROUNDS} rounds of ${SECONDS} s each way`,
  );
  for (const [name, actOf] of Object.entries(acts)) {
    const ways = Object.fromEntries(Object.entries(trails).map(([way, trail]) => [way, actOf(trail)]));
    for (const act of Object.values(ways)) {
      for (const userId of users)
        await act(userId, { address: '198.18.0.1', requestId: 'warm-up', actorId: userId });
    }
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) {
      const figures = {};
      for (const way of round % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
        figures[way] = await measure(ways[way], SECONDS);
      }
      rounds.push(figures);
    }
    report(name, rounds);
  }

  /** Acts per second and the 99th percentile of their times, the sealing of what they left included. */
  async function measure(act, seconds) {
    const times = [];
    const begun = performance.now();
    const until = begun + 1_000 * seconds;
    const sealing = sealEverySecond();
    await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const origin = { address: `198.18.${writer}.1`, requestId: `bench-${writer}` };
        for (let now = performance.now(); now < until; ) {
          const userId = users[Math.floor(Math.random() * users.length)];
          await act(userId, { ...origin, actorId: userId });
          const after = performance.now();
          times.push(after - now);
          now = after;
        }
      }),
    );
    await sealing.stop();
    const perSecond = (1_000 * times.length) / (performance.now() - begun);
    times.sort((a, b) => a - b);
    return { perSecond, p50: times[times.length >> 1], p99: times[Math.ceil(times.length * 0.99) - 1] };
  }

  function sealEverySecond() {
    let sealing = Promise.resolve();
    const timer = setInterval(() => {
      sealing = sealing.then(() => sealer.seal());
    }, 1_000);
    return {
      async stop() {
        clearInterval(timer);
        await sealing;
        await sealer.seal();
      },
    };
  }
} finally {
  await Promise.allSettled([database.close(), unhurried.close()]);
  await server.stop();
}

async function makeUsers() {
  return database.run(async (client) => {
    await client.$executeRaw`
      INSERT INTO users (id, email, username, email_verified_at, registered_at, created_at)
      SELECT gen_random_uuid(), 'user' || n || '@example.com', 'Ada Lovelace', now(), now(), now()
      FROM generate_series(1, ${USERS}) AS n`;
    const rows = await client.user.findMany({ select: { id: true } });
    return rows.map(({ id }) => id);
  });
}

function session(userId, address) {
  const createdAt = Date.now();
  const [freshUntil, expiresAt] = [createdAt + 900_000, createdAt + 604_800_000];
  const { uuidv7 } = require('uuidv7');
  return {
    id: uuidv7(),
    userId,
    secret: randomBytes(16),
    address,
    userAgent: 'bench',
    createdAt,
    freshUntil,
    expiresAt,
    endsAt: expiresAt,
  };
}

function report(name, rounds) {
  const figure = (way, of) => median(rounds.map((figures) => figures[way][of]));
  console.log(`\n${name.padEnd(24)}  acts/s   p50 ms   p99 ms`);
  for (const way of ['without', 'with']) {
    const cells = [
      figure(way, 'perSecond').toFixed(0).padStart(8),
      ...['p50', 'p99'].map((of) => figure(way, of).toFixed(1).padStart(9)),
    ];
    console.log(`${`${way} audit`.padEnd(24)}${cells.join('')}`);
  }
  const ratios = rounds.map((figures) => figures.with.perSecond / figures.without.perSecond);
  const ratio = median(ratios);
  const ok = ratio >= LEAST_RATIO;
  process.exitCode = ok ? process.exitCode : 1;
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((value) => value.toFixed(2));
  console.log(`with / without          ${ratio.toFixed(2)} (${least} to ${most}) ${ok ? 'ok' : 'TOO LOW'}`);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
