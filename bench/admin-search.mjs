// Do the admins' list and search of users stay as quick at 1,000,000 users as they are at 1,000?
//
//   npm run bench:admin-search                                 4,000 requests to each of two services
//   npm run bench:admin-search -- --plans                      the plan of every query at 1,000,000 users instead
//   REQUESTS=400 USERS=100000 npm run bench:admin-search
//   DATABASE_URL=postgresql://… npm run bench:admin-search     on that server, in two databases made for it
//
// Two services on two databases of one PostgreSQL, asked in turn over HTTP, one request at a time. Both requests of a pair
// are of one kind, each about a user of its own database. Prints p50 and p95 at both sizes and the ratio of the p95, by
// kind and over all requests. Ends with code 1 if the ratio over all requests is above 2.
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { prepare } from '../scripts/prepare.mjs';
import { openServer } from './databases.mjs';
import { mistyped, one, randomFrom } from './people.mjs';
import { explainingDatabase } from './plans.mjs';
import { post, startService } from './service.mjs';
import { fillUsers } from './users-table.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 4_000);
const USERS = Number(process.env.USERS ?? 1_000_000);
const [FEW, MANY] = [1_000, USERS];
const MOST_RATIO = 2;
const WARM_UP = 100;
/** Users of each database that the requests are about. */
const SAMPLE = 2_000;
const ANSWER_MS = 10_000;

const { plans } = parseArgs({ options: { plans: { type: 'boolean', default: false } } }).values;
await prepare({ build: true });
const require = createRequire(import.meta.url);
const { encodeCursor, decodeCursor, startOf } = require('../dist/stores/user-directory/directory-cursor.js');

const random = randomFrom(1);
const lastName = ({ username }) => username.split(' ').at(-1);
const beginning = (text) => text.slice(0, 3 + Math.floor(random() * (text.length - 2)));
const anyFilter = () =>
  one(
    [{ role: 'ADMIN' }, { status: 'disabled' }, { status: 'pending' }, { role: 'USER', status: 'active' }],
    random,
  );

/** What is asked about a user, and how often in 100 requests. */
const KINDS = {
  'the newest users': { share: 20, query: () => ({}) },
  'a page anywhere': {
    share: 10,
    query: ({ id }) => ({ cursor: encodeCursor({ ...startOf('newest'), id }, {}) }),
  },
  'an e-mail': { share: 15, query: ({ email }) => ({ q: email }) },
  'an e-mail begun': { share: 10, query: ({ email }) => ({ q: beginning(email) }) },
  'a name begun': { share: 10, query: ({ username }) => ({ q: beginning(username) }) },
  'a last name': { share: 10, query: (user) => ({ q: lastName(user) }) },
  'a last name mistyped': { share: 10, query: (user) => ({ q: mistyped(lastName(user), random) }) },
  'a name mistyped': { share: 5, query: ({ username }) => ({ q: mistyped(username, random) }) },
  'a role or status': { share: 5, query: anyFilter },
  'both, a last name': { share: 3, query: (user) => ({ q: lastName(user), ...anyFilter() }) },
  'both, mistyped': { share: 2, query: (user) => ({ q: mistyped(lastName(user), random), ...anyFilter() }) },
};

const stops = [];
try {
  const server = await openServer();
  stops.push(() => server.stop());
  console.log(`PostgreSQL ${server.version}, Node ${process.version}, ${availableParallelism()} cores`);
  if (plans) await showPlans(server);
  else await compare(server);
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function compare(server) {
  const sides = [];
  for (const count of [FEW, MANY]) sides.push(await openSide(server, count));
  await ask(sides, WARM_UP);
  const { times, rows } = await ask(sides, REQUESTS);

  console.log(`\n${REQUESTS} requests to each    share        ${FEW} users        ${MANY} users      p95`);
  console.log('                              p50     p95  users     p50     p95  users   ratio');
  for (const [kind, { share }] of Object.entries(KINDS))
    print(kind, `${share} %`, times.get(kind), rows.get(kind));
  const all = sides.map((_, side) => [...times.values()].flatMap((of) => of[side]));
  const ratio = print('all', '', all);
  console.log(
    `p95 at ${MANY} users is ${ratio.toFixed(2)} x that at ${FEW}: ${ratio <= MOST_RATIO ? 'ok' : 'TOO MUCH'}`,
  );
  process.exitCode = ratio <= MOST_RATIO ? 0 : 1;
}

/** A service with so many users, and a token of its admin. */
async function openSide(server, count) {
  const { url, pool } = await server.createDatabase(`tollgate_bench_${process.pid}_${count}`);
  const credentials = { email: 'admin@localhost.test', password: randomBytes(12).toString('base64url') };
  const service = await startService({
    DATABASE_URL: url,
    ADMIN_EMAIL: credentials.email,
    ADMIN_PASSWORD: credentials.password,
    BCRYPT_COST: '10',
    RATE_LIMIT_GLOBAL: '1000000/1000000',
  });
  stops.push(() => service.stop());
  const begun = performance.now();
  await fillUsers(pool, count);
  console.log(`${count} users made in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  const { accessToken } = await (await post(service, '/auth/login', credentials)).json();
  return { users: await sampleOf(pool), service, headers: { Authorization: `Bearer ${accessToken}` } };
}

/** Users with a name and a surname of five letters or more, so that one letter is a slip and not another name. */
async function sampleOf(pool) {
  const { rows } = await pool.query(
    `SELECT id, email, username FROM users WHERE username ~ '^[^ ]+ [^ ]{5,}$' ORDER BY random() LIMIT ${SAMPLE}`,
  );
  return rows;
}

/** Asks each side so many times, in turn, who goes first alternating. Times in milliseconds, by kind and side. */
async function ask(sides, requests) {
  const deck = Object.entries(KINDS).flatMap(([kind, { share }]) => Array(share).fill(kind));
  const times = new Map(Object.keys(KINDS).map((kind) => [kind, sides.map(() => [])]));
  const rows = new Map(Object.keys(KINDS).map((kind) => [kind, sides.map(() => [])]));
  for (let n = 0; n < requests; n++) {
    // Every hundred has each kind as often as its share says.
    const kind = deck[(n * 37) % deck.length];
    for (const side of n % 2 === 0 ? [0, 1] : [1, 0]) {
      const { users, service, headers } = sides[side];
      const url = `${service.api}/admin/users?${new URLSearchParams(KINDS[kind].query(one(users, random)))}`;
      const begun = performance.now();
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
      const text = await response.text();
      times.get(kind)[side].push(performance.now() - begun);
      if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${text}`);
      rows.get(kind)[side].push(JSON.parse(text).users.length);
    }
  }
  return { times, rows };
}

/** Prints one row; returns the ratio of the p95. */
function print(name, share, [few, many], [fewRows, manyRows] = []) {
  const figures = (times, rows) =>
    [0.5, 0.95].map((part) => percentile(times, part).toFixed(1).padStart(8)).join('') +
    (rows === undefined ? '' : percentile(rows, 0.5).toFixed(0)).padStart(7);
  const ratio = percentile(many, 0.95) / percentile(few, 0.95);
  console.log(
    name.padEnd(22) +
      share.padStart(5) +
      figures(few, fewRows) +
      figures(many, manyRows) +
      ratio.toFixed(2).padStart(8),
  );
  return ratio;
}

function percentile(values, part) {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1];
}

async function showPlans(server) {
  const { PrismaUserDirectory } = require('../dist/stores/user-directory/prisma-user-directory.js');
  const { migrate } = require('../dist/stores/postgres/migrate.js');
  const { url, pool } = await server.createDatabase(`tollgate_bench_${process.pid}`);
  await migrate(url);
  await fillUsers(pool, MANY);
  const directory = new PrismaUserDirectory(explainingDatabase(pool), { now: () => Date.now(), offset: 0 });
  const users = await sampleOf(pool);
  for (const [kind, { query }] of Object.entries(KINDS)) {
    const { cursor, ...filter } = query(one(users, random));
    console.log(`\n\n# ${kind}: ${JSON.stringify(cursor === undefined ? filter : { cursor })}`);
    const after = cursor === undefined ? undefined : decodeCursor(cursor, filter);
    await directory.list({ limit: 50, after, ...filter });
  }
}
