// What does the audit trail cost an act? 64 writers do the same acts with their audit events and without, in rounds that
// alternate: over HTTP as clients do, and straight through the stores. Without, each transaction lacks the insert of the
// event alone. A sealer chains the events every second meanwhile, as in the service.
//
//   npm run bench:audit                     6 rounds of 4 s each way, PostgreSQL durable as in production
//   ROUNDS=3 SECONDS=2 npm run bench:audit
//   DURABLE=0 npm run bench:audit           without waiting for the disk: what is left is the work
//
// An audited round ends when its last event is sealed. Figures are medians of the rounds, the ratio is the median of the
// rounds' ratios. Ends with code 1 if an act as clients do it, or the begin of a session, keeps less than 0.7.
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { openServer } from './databases.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 6);
const SECONDS = Number(process.env.SECONDS ?? 4);
const WRITERS = 64;
const DURABLE = process.env.DURABLE !== '0';
const USERS = 1_000;
const LEAST_RATIO = 0.7;
const password = 'violet-lantern-47';

const server = await openServer({ durable: DURABLE });
const require = createRequire(import.meta.url);
const { serveOver, storesWithAndWithout } = await import('./audit-stores.mjs');
const { deriveKeys } = require('../dist/tokens/keyring.js');
const { migrate } = require('../dist/stores/postgres/migrate.js');
const { Database } = require('../dist/stores/postgres/database.js');
const { systemClock: clock } = require('../dist/clock.js');
const { AuditSeal } = require('../dist/stores/audit/audit-seal.js');
const { PrismaAuditSealer } = require('../dist/stores/audit/prisma-audit-sealer.js');
const { PasswordHasher } = require('../dist/passwords/password-hasher.js');
const { uuidv7 } = require('uuidv7');

const { url, pool } = await server.createDatabase(`tollgate_audit_${process.pid}`);
const open = '1000000/1000000';
const env = {
  DATABASE_URL: url,
  SMTP_URL: 'smtp://127.0.0.1:1',
  JWT_SECRET: 'a-signing-secret-of-this-bench-and-no-other',
  SECRET_KEYS: 'a-derivation-secret-of-this-bench-and-no-other',
  PASSWORD_PEPPER: 'a-pepper-of-this-bench-and-of-no-other-one',
  ACCESS_TOKEN_TTL: '86400',
  BCRYPT_COST: '10',
  ...Object.fromEntries(
    ['GLOBAL', 'LOGIN', 'LOGIN_ACCOUNT', 'LOGIN_ACCOUNT_ALL'].map((name) => [`RATE_LIMIT_${name}`, open]),
  ),
};
// As the service has it; nobody is refused because a busy machine is late.
const database = new Database(url, { poolSize: 10, connectMs: 10_000, statementMs: 10_000 });
const unhurried = new Database(url, { poolSize: 1, statementMs: 60_000 });
const worker = new Worker(new URL('./http-writers.mjs', import.meta.url));
const stops = [
  () => server.stop(),
  () => Promise.allSettled([database.close(), unhurried.close(), worker.terminate()]),
];
try {
  await migrate(url);
  const users = await makeUsers();
  const seal = new AuditSeal(deriveKeys([env.SECRET_KEYS], 'audit'));
  const sealer = new PrismaAuditSealer({ database: unhurried, clock, seal, onWritten: () => {} });
  const stores = storesWithAndWithout(database, [env.SECRET_KEYS]);
  const ports = {};
  for (const way of Object.keys(stores)) {
    const service = await serveOver(stores[way], { database, env });
    ports[way] = service.port;
    stops.push(service.stop);
  }
  const tokens = {};
  for (const way of Object.keys(stores)) tokens[way] = await logInAll(ports[way], users.slice(0, WRITERS));

  console.log(
    `PostgreSQL ${server.version} ${DURABLE ? 'durable' : 'not durable'}, Node ${process.version}, ` +
      `${availableParallelism()} cores, ${WRITERS} writers, ${ROUNDS} rounds of ${SECONDS} s each way`,
  );
  const name = 'Ada Lovelace';
  await compare('change of a name, over HTTP', true, (way, seconds) =>
    overHttp(ports[way], seconds, (writer) => ({
      method: 'PATCH',
      path: '/api/v1/users/me',
      token: tokens[way][writer],
      body: { username: name },
    })),
  );
  await compare('login (bcrypt cost 10), over HTTP', true, (way, seconds) =>
    overHttp(ports[way], seconds, (writer) => ({
      method: 'POST',
      path: '/api/v1/auth/login',
      body: { email: users[writer].email, password },
    })),
  );
  await compare('begin of a session, in the store', true, (way, seconds) =>
    inStore(seconds, users, (id, origin) =>
      stores[way].sessionRecords.begin(session(id, origin.address), 1, 'password', origin),
    ),
  );
  await compare('change of a name, in the store', false, (way, seconds) =>
    inStore(seconds, users, (id, origin) => stores[way].accounts.changeUsername(id, name, origin)),
  );

  /** Rounds that alternate who goes first; acts per second include the sealing of what they left. */
  async function compare(what, required, measure) {
    const round = async (way, seconds) => {
      const begun = performance.now();
      const sealing = sealEverySecond();
      const times = await measure(way, seconds);
      await sealing.stop();
      const perSecond = (1_000 * times.length) / (performance.now() - begun);
      times.sort((a, b) => a - b);
      return { perSecond, p50: times[times.length >> 1], p99: times[Math.ceil(times.length * 0.99) - 1] };
    };
    // Warm-up, until the keys of all users are known.
    for (const way of ['with', 'without']) await round(way, 2);
    const rounds = [];
    for (let n = 0; n < ROUNDS; n++) {
      const figures = {};
      for (const way of n % 2 === 0 ? ['with', 'without'] : ['without', 'with']) {
        figures[way] = await round(way, SECONDS);
      }
      rounds.push(figures);
    }
    report(what, required, rounds);
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
  for (const stop of stops.reverse()) await stop();
}

/** Milliseconds that each act took. */
function overHttp(port, seconds, callOf) {
  worker.postMessage({ port, seconds, calls: Array.from({ length: WRITERS }, (_, n) => callOf(n)) });
  return new Promise((resolve, reject) => {
    worker.once('message', ({ times, error }) => {
      if (error === undefined) resolve(times);
      else reject(new Error(error));
    });
  });
}

async function inStore(seconds, users, act) {
  const times = [];
  const until = performance.now() + 1_000 * seconds;
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      const origin = { address: `198.18.${writer}.1`, requestId: `bench-${writer}` };
      for (let begun = performance.now(); begun < until; begun = performance.now()) {
        const { id } = users[Math.floor(Math.random() * users.length)];
        await act(id, { ...origin, actorId: id });
        times.push(performance.now() - begun);
      }
    }),
  );
  return times;
}

async function makeUsers() {
  const hasher = await PasswordHasher.create({ cost: 10, peppers: [env.PASSWORD_PEPPER] });
  const { rows } = await pool.query(
    `INSERT INTO users (id, email, username, password_hash, email_verified_at, registered_at, created_at)
     SELECT gen_random_uuid(), 'user' || n || '@example.com', 'Ada Lovelace', $1, now(), now(), now()
     FROM generate_series(1, ${USERS}) AS n RETURNING id, email`,
    [await hasher.hash(password)],
  );
  return rows;
}

async function logInAll(port, users) {
  const tokens = [];
  for (const { email } of users) {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });
    if (response.status !== 200) throw new Error(`login answered ${response.status}`);
    tokens.push((await response.json()).accessToken);
  }
  return tokens;
}

function session(userId, address) {
  const createdAt = Date.now();
  const [freshUntil, expiresAt] = [createdAt + 900_000, createdAt + 604_800_000];
  const times = { createdAt, freshUntil, expiresAt, endsAt: expiresAt };
  return { id: uuidv7(), userId, secret: Buffer.alloc(16), address, userAgent: 'bench', ...times };
}

function report(what, required, rounds) {
  const figure = (way, of) => median(rounds.map((figures) => figures[way][of]));
  console.log(`\n${what.padEnd(36)}  acts/s   p50 ms   p99 ms`);
  for (const way of ['without', 'with']) {
    const cells = [
      figure(way, 'perSecond').toFixed(0).padStart(8),
      ...['p50', 'p99'].map((of) => figure(way, of).toFixed(1).padStart(9)),
    ];
    console.log(`${`${way} audit`.padEnd(36)}${cells.join('')}`);
  }
  const ratios = rounds.map((figures) => figures.with.perSecond / figures.without.perSecond);
  const ratio = median(ratios);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((value) => value.toFixed(2));
  const low = required && ratio < LEAST_RATIO;
  if (low) process.exitCode = 1;
  const verdict = required ? (low ? 'TOO LOW' : 'ok') : '';
  console.log(
    `${'with / without'.padEnd(36)}${ratio.toFixed(2).padStart(8)}  (${least} to ${most})  ${verdict}`,
  );
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
