// Is a limit exact over several processes? Three of them share one Redis and one bucket (that of POST /auth/guest, kept per
// address), and 256 connections ask at once: 10,000 requests as fast as answers come, with a refill so slow that exactly the
// capacity may pass, and with a fast one; a minute at three times the rate; and that minute again with one process killed and
// started anew in its midst, and another whose clock is an hour ahead.
//
//   npm run drill:limits-exact       SECONDS=60
//
// What is held against what: Redis notes when the first take left the bucket less than full (its anchor) and how many tokens
// were taken since. The last request is sent alone, with Redis' time read before and after it, so the time between the first
// and the last take is known but for the milliseconds of one request: `capacity + floor(refill x time)` over the shortest
// and over the longest time that can have been are one number, or neighbours where a token came in between. What was
// taken, and what the last answer says is left, must be that number. The answers must be what was taken, but for those of
// requests that a killed process left without one; and should the second take come so late that the bucket was full again,
// then those before it are no more than had come back. The same formula over the times that the clients saw (shortest:
// first answer to last request, longest: first request to last answer) must hold of the answers too.
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { openFleet } from './fleet.mjs';
import { Load } from './load.mjs';

const PROCESSES = 3;
const SOCKETS = 256;
const REQUESTS = 10_000;
const SECONDS = Number(process.env.SECONDS ?? 60);
/** Share of the formula that a minute may be off. */
const TOLERANCE = 0.001;
const HOUR_MS = 3_600_000;
const AHEAD = {
  NODE_OPTIONS: `--import=${new URL('clock-ahead.mjs', import.meta.url)}`,
  CLOCK_AHEAD_MS: String(HOUR_MS),
};

const fleet = await openFleet({ NODE_ENV: 'production', RATE_LIMIT_GLOBAL: '1000000/1000000' });
try {
  const burst = (load) => load.burst(REQUESTS - 1, SOCKETS);
  await run('10,000 requests, refill next to nothing', { capacity: 500, refill: 0.0001 }, burst);
  await run('10,000 requests, fast refill', { capacity: 100, refill: 50 }, burst);
  // Full again only after 5 s without a request, longer than a busy machine stands still.
  const rate = { capacity: 1_000, refill: 200 };
  await run(`${SECONDS} s at 3 x the rate`, rate, atThreeTimes(rate));
  await run(
    `${SECONDS} s at 3 x the rate, one process killed, one with its clock an hour ahead`,
    rate,
    async (load, services, start) => {
      const killing = killAndRestart(services[0], start);
      await atThreeTimes(rate)(load);
      await killing;
    },
    { [PROCESSES - 1]: AHEAD },
  );
} finally {
  await fleet.stop();
}

function atThreeTimes({ refill }) {
  return async (load) => {
    const sent = await load.steady(3 * refill, SECONDS);
    check(`sent ${sent.toFixed(0)} a second`, sent > 2.9 * refill);
  };
}

async function killAndRestart({ port, kill }, start) {
  await sleep((SECONDS * 1_000) / 3);
  await kill();
  const killed = performance.now();
  await sleep(1_000);
  await start({}, port);
  console.log(`       killed, and ready again after ${((performance.now() - killed) / 1_000).toFixed(1)} s`);
}

async function run(what, { capacity, refill }, drive, settingsOf = {}) {
  console.log(`\n${what}: RATE_LIMIT_GUEST=${capacity}/${refill}, ${PROCESSES} processes`);
  const start = (env, port) => fleet.start({ RATE_LIMIT_GUEST: `${capacity}/${refill}`, ...env }, port);
  const services = [];
  for (let n = 0; n < PROCESSES; n += 1) services.push(await start(settingsOf[n] ?? {}));
  const ports = services.map(({ port }) => port);
  const load = new Load(ports, { sockets: SOCKETS, method: 'POST', path: '/api/v1/auth/guest', admits: 201 });
  try {
    await load.connect();
    await fleet.redis.flushall();
    const begun = await redisTime();
    await drive(load, services, start);
    await judge(load, { capacity, refill, begun });
    for (const n of Object.keys(settingsOf)) await checkAhead(ports[n]);
  } finally {
    load.close();
    await fleet.stopAll();
  }
}

async function judge(load, { capacity, refill, begun }) {
  const before = await redisTime();
  const last = await load.one();
  const after = await redisTime();
  const { anchor, taken } = await bucketInRedis();
  const left = Number(/"guest";r=(\d+)/.exec(last?.headers.ratelimit)?.[1]);
  const formula = (ms) => capacity + Math.floor((refill * ms) / 1_000);
  const [least, most] = [before, after].map((us) => formula((us - anchor) / 1_000));
  const counted = taken + left;
  const error = Math.max(0, counted - most, least - counted);
  const { admitted, refused, unsent, unknown, requests, sockets, times } = load;
  console.log(
    `       ${requests} requests over ${sockets} connections: ${admitted} admitted, ${refused} refused, ` +
      `${unsent} reached nobody, ${unknown} got no answer or a 503`,
  );
  const seconds = ((after - anchor) / 1e6).toFixed(3);
  const expected = least === most ? `${most}` : `${least} to ${most}`;
  check(
    `taken in Redis ${taken}, left ${left}; capacity + floor(refill x ${seconds} s) = ${expected}: error ${error}`,
    error === 0,
  );
  // What was taken before: no more than had come back by then, for the bucket was full again. That is nothing that the load
  // may let happen but at the very begin: a full bucket shows nothing.
  const early = Math.max(0, admitted - taken);
  const lost = Math.max(0, taken - admitted);
  check(
    `answers tell of ${admitted} admitted; ${lost} taken without an answer, ${early} before the bucket was full again`,
    lost <= unknown && early <= Math.floor((refill * (anchor - begun)) / 1e6) && anchor - begun < 1e6,
  );
  const shortest = formula(times.lastSent - times.firstAnswer - (anchor - begun) / 1_000);
  const longest = formula(times.lastAnswer - times.firstSent);
  const off = Math.max(0, admitted - longest, shortest - admitted - left);
  check(
    `by the clients' clock between ${shortest} and ${longest}: off by ${off} (${((100 * off) / longest).toFixed(3)} %)`,
    admitted <= longest && off <= unknown + TOLERANCE * longest,
  );
}

/** The hour must be there, or the run has shown nothing: a token tells when its process thought it was. */
async function checkAhead(port) {
  for (let tries = 0; tries < 50; tries += 1) {
    const signal = AbortSignal.timeout(10_000);
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/auth/guest`, { method: 'POST', signal });
    const { accessToken } = await response.json();
    if (accessToken === undefined) {
      await sleep(100);
      continue;
    }
    const { iat } = JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url'));
    const ahead = iat - Date.now() / 1_000;
    check(
      `that process dates its tokens ${Math.round(ahead)} s ahead`,
      Math.abs(ahead - HOUR_MS / 1_000) < 60,
    );
    return;
  }
  check('that process dates its tokens ahead', false);
}

/** Microseconds. */
async function redisTime() {
  const [seconds, microseconds] = await fleet.redis.time();
  return Number(seconds) * 1e6 + Number(microseconds);
}

/** What `bucket.lua` keeps of the one bucket: doubles, of which these are the first. */
async function bucketInRedis() {
  const [key, ...others] = await fleet.redis.keys('*bucket:guest:*');
  if (key === undefined || others.length > 0) throw new Error('there is not one bucket');
  const doubles = await fleet.redis.getBuffer(key);
  return { anchor: doubles.readDoubleLE(0), taken: doubles.readDoubleLE(8) };
}
