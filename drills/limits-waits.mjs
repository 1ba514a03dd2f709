// Are the waits true that the limiter tells? 1,000 of the store's milliseconds and 1,000 `Retry-After` over HTTP, in real
// time over a real Redis.
//
//   npm run drill:limits-waits       WAITS=1000
//
// Of the store: a bucket is emptied, and the refused take tells how many milliseconds to wait. That counts from when Redis
// took it: after it was sent, before it was answered. A try is *early* for certain if its answer is here 50 ms before the
// wait is over as counted from when the first was sent; it must be refused. A try is *on time* for certain if it is sent
// when the wait is over as counted from the answer to the first; it must be admitted. A try that a busy machine has let
// become neither is none, and another wait is taken for it.
// Over HTTP: clients of an address each, one at a time, empty a bucket, are told `Retry-After` with the 429, wait those
// seconds from its answer on and no longer, and must be admitted.
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { openFleet } from './fleet.mjs';

const WAITS = Number(process.env.WAITS ?? 1_000);
/** How long before its time a try comes early. */
const EARLY_MS = 50;
/** And so much longer, for its answer to be here by then. */
const ANSWER_MS = 4;
const BUCKETS = 24;
const CLIENTS = 120;
const MOST_TRIES = 20 * WAITS;
/** Limits of POST /auth/guest: those of logins, and some whose tokens come at no whole second. */
const RATES = ['10/2', '3/0.7', '5/1.3', '4/0.3'];

const fleet = await openFleet({
  NODE_ENV: 'production',
  TRUST_PROXY: '1',
  RATE_LIMIT_GLOBAL: '1000000/1000000',
});
try {
  await storeWaits();
  await retryAfters();
} finally {
  await fleet.stop();
}

async function storeWaits() {
  const require = createRequire(import.meta.url);
  const { openRedis } = require('../dist/stores/redis/redis.js');
  const { RedisTokenBucketStore } = require('../dist/stores/token-bucket/redis-token-bucket-store.js');
  const connection = openRedis({ url: fleet.redisUrl, prefix: 'waits:' });
  await connection.ready();
  const store = new RedisTokenBucketStore(connection, { clock: { offset: 0 } });
  const tally = { early: 0, earlyAdmitted: 0, onTime: 0, onTimeRefused: 0, missed: 0, begun: 0 };
  const lateness = [];
  const waits = [];
  const worker = async () => {
    while ((tally.early < WAITS || tally.onTime < WAITS) && tally.begun++ < MOST_TRIES) await waitOnce();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: BUCKETS }, worker));
  await connection.close();
  console.log(
    `the store's milliseconds: ${tally.begun - BUCKETS} waits of ${Math.min(...waits)} to ${Math.max(...waits)} ms ` +
      `in ${((performance.now() - began) / 1_000).toFixed(0)} s, ${BUCKETS} buckets at a time, Redis`,
  );
  check(
    `${tally.early} tries ${EARLY_MS} ms early: ${tally.earlyAdmitted} admitted`,
    tally.early >= WAITS && tally.earlyAdmitted === 0,
  );
  lateness.sort((a, b) => a - b);
  const middle = lateness[lateness.length >> 1]?.toFixed(1);
  check(
    `${tally.onTime} tries on time (half of them within ${middle} ms of it): ${tally.onTimeRefused} refused`,
    tally.onTime >= WAITS && tally.onTimeRefused === 0,
  );
  console.log(`       ${tally.missed} early tries came too late on this machine to count`);

  async function waitOnce() {
    // From a token in 70 ms to one in 2 s.
    const refillPerSecond = 1_000 / (70 + Math.random() ** 2 * 1_930);
    const bucket = { key: randomUUID(), capacity: 1 + Math.floor(Math.random() * 5), refillPerSecond };
    const take = async () => {
      const sent = performance.now();
      const { allowed, levels } = await store.take([bucket]);
      return { sent, answered: performance.now(), allowed, ms: levels[0].msToNext };
    };
    let told = await take();
    while (told.allowed) told = await take();
    if (told.ms > EARLY_MS + ANSWER_MS) {
      await until(told.sent + told.ms - EARLY_MS - ANSWER_MS);
      const early = await take();
      if (early.answered <= told.sent + told.ms - EARLY_MS) {
        tally.early += 1;
        if (early.allowed) tally.earlyAdmitted += 1;
      } else {
        tally.missed += 1;
        // It may have come so late that it was admitted: then the wait is over.
        if (early.allowed) return;
      }
    }
    waits.push(told.ms);
    const due = told.answered + told.ms;
    await until(due);
    const onTime = await take();
    tally.onTime += 1;
    lateness.push(onTime.sent - due);
    if (!onTime.allowed) tally.onTimeRefused += 1;
  }
}

async function retryAfters() {
  // A process for each rate: they share the store, and their clients' addresses differ.
  const limits = [];
  for (const rate of RATES) {
    const { port } = await fleet.start({ RATE_LIMIT_GUEST: rate });
    limits.push({ rate, port, waits: 0, refused: 0, noAnswer: 0, told: new Map() });
  }
  const began = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n, limits[n % limits.length])));
  const sum = (what) => limits.reduce((total, limit) => total + limit[what], 0);
  console.log(
    `Retry-After over HTTP: ${CLIENTS} clients, an address each, POST /auth/guest, ` +
      `in ${((performance.now() - began) / 1_000).toFixed(0)} s`,
  );
  for (const { rate, told } of limits) {
    const waited = [...told].sort(([a], [b]) => a - b).map(([seconds, count]) => `${count} of ${seconds} s`);
    console.log(`       ${rate}: ${waited.join(', ')}`);
  }
  check(`${sum('waits')} retries on time: ${sum('refused')} refused`, sum('refused') === 0);
  console.log(`       ${sum('noAnswer')} were answered by neither, and not counted`);
}

async function client(number, limit) {
  await sleep(number * 20);
  for (let tries = 0; limit.waits < WAITS / RATES.length; tries += 1) {
    if (tries > MOST_TRIES) throw new Error('so many tries, and too few waits');
    let answer = await ask(number, limit);
    while (answer.status === 201) answer = await ask(number, limit);
    if (answer.status !== 429) {
      await sleep(500);
      continue;
    }
    await until(performance.now() + answer.retryAfter * 1_000);
    const { status } = await ask(number, limit);
    if (status !== 201 && status !== 429) {
      limit.noAnswer += 1;
      continue;
    }
    limit.waits += 1;
    limit.told.set(answer.retryAfter, (limit.told.get(answer.retryAfter) ?? 0) + 1);
    if (status === 429) limit.refused += 1;
  }
}

/** A 503 of a busy machine, or no answer, says nothing of the limit. */
async function ask(number, { port }) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/auth/guest`, {
    method: 'POST',
    headers: { 'X-Forwarded-For': `198.18.${number >> 8}.${number & 255}` },
    signal: AbortSignal.timeout(10_000),
  }).catch(() => ({ status: 0 }));
  await response.arrayBuffer?.().catch(() => {});
  if (![201, 429, 503, 0].includes(response.status)) throw new Error(`unexpected answer: ${response.status}`);
  return {
    status: response.status,
    retryAfter: response.status === 429 ? Number(response.headers.get('retry-after')) : undefined,
  };
}

/** Resolves at a time of `performance.now`, and never before it, as a timer may. */
async function until(time) {
  for (let left = time - performance.now(); left > 0; left = time - performance.now()) {
    await (left > 2 ? sleep(left - 1) : new Promise((resolve) => setImmediate(resolve)));
  }
}
