// What does a scrape of /metrics cost with 1,000,000 live sessions, against one with 1,000? Four services, in processes of
// their own, are scraped in turn: few sessions and many, with the state in Redis and in the process. The database under all
// of them holds 1,000,000 audit events, of which 10,000 wait to be sealed, and an outbox of 100,000 mails.
//
//   npm run bench:scrape                      60 scrapes of each
//   SCRAPES=20 SESSIONS=100000 npm run bench:scrape
//
// Figures are medians, over HTTP on the loopback. Ends with code 1 if many sessions cost more than 1.5 times what few do,
// or 50 ms.
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { openServer } from './databases.mjs';
import { startRedis } from './redis.mjs';

const SCRAPES = Number(process.env.SCRAPES ?? 60);
const MANY = Number(process.env.SESSIONS ?? 1_000_000);
const FEW = 1_000;
const FILL_MS = 10 * 60_000;
const MOST_RATIO = 1.5;
const MOST_MS = 50;

const stops = [];
try {
  const server = await openServer();
  stops.push(() => server.stop());
  const { migrate } = createRequire(import.meta.url)('../dist/stores/postgres/migrate.js');
  const { url, pool } = await server.createDatabase(`tollgate_scrape_${process.pid}`);
  await migrate(url);
  await fillRecord(pool);
  const services = [];
  for (const state of ['Redis', 'in process']) {
    for (const [size, sessions] of [
      ['few', FEW],
      ['many', MANY],
    ]) {
      const env = { ...process.env, DATABASE_URL: url };
      delete env.REDIS_URL;
      if (state === 'Redis') {
        const redis = await startRedis();
        stops.push(redis.stop);
        env.REDIS_URL = redis.url;
      }
      services.push({ state, size, sessions, times: [], ...(await startService(sessions, env)) });
    }
  }
  // Warm-up, and what they tell.
  for (const service of services) {
    for (let time = 0; time < 20; time++) await scrape(service);
    const told = Number(/^sessions_active (\d+)$/m.exec(await scrape(service))?.[1]);
    check(`${service.state}: ${service.sessions} sessions are told of`, told === service.sessions, told);
  }
  for (let round = 0; round < SCRAPES; round++) {
    for (let turn = 0; turn < services.length; turn++) {
      const service = services[(round + turn) % services.length];
      const asked = performance.now();
      await scrape(service);
      service.times.push(performance.now() - asked);
    }
  }
  console.log(`\n${SCRAPES} scrapes each, in turn        sessions   median ms      p95 ms`);
  for (const { state, sessions, times } of services) {
    const figures = [sessions, quantile(times, 0.5).toFixed(2), quantile(times, 0.95).toFixed(2)];
    console.log(state.padEnd(28) + figures.map((figure) => String(figure).padStart(12)).join(''));
  }
  console.log('');
  for (const state of ['Redis', 'in process']) {
    const [few, many] = ['few', 'many'].map((size) =>
      quantile(services.find((service) => service.state === state && service.size === size).times, 0.5),
    );
    const ratio = (many / few).toFixed(2);
    check(`${state}: many cost ${ratio} times what few do`, many / few <= MOST_RATIO, `over ${MOST_RATIO}`);
    check(`${state}: many cost ${many.toFixed(2)} ms`, many < MOST_MS, `${MOST_MS} ms or more`);
  }
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function startService(sessions, env) {
  const began = performance.now();
  const child = fork(new URL('./scrape-service.mjs', import.meta.url), [String(sessions)], {
    env,
    execArgv: ['--max-old-space-size=8192'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  stops.push(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('not filled in time')), FILL_MS);
    child.once('message', ({ port }) => {
      clearTimeout(timer);
      resolve(port);
    });
    ended.then(() => {
      clearTimeout(timer);
      reject(new Error('a service ended'));
    });
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(
    `filled with ${sessions} sessions in ${seconds} s ${env.REDIS_URL ? '(Redis)' : '(in process)'}`,
  );
  return { port };
}

async function scrape({ port }) {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`a scrape answered ${response.status}`);
  return text;
}

/** A record as large as that of many sessions: what else a scrape asks for. */
async function fillRecord(pool) {
  const id = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
  await pool.query(`
    INSERT INTO audit_events (id, at, type, outcome, request_id, details, key_id, mac, seq, chain)
    SELECT ${id}, now() - (1000000 - n) * interval '1 ms', 'authz_fail', 'failure', 'bench', '{}', 'key', '\\x00',
      CASE WHEN n <= 990000 THEN n END, CASE WHEN n <= 990000 THEN '\\x00'::bytea END
    FROM generate_series(1, 1000000) AS n`);
  await pool.query(`
    INSERT INTO outbox_mails (id, kind, email, created_at, due_at, expires_at)
    SELECT ${id}, 'LOGIN_CODE', 'ada' || n || '@example.com', now(), now(), now() + interval '1 day'
    FROM generate_series(1, 100000) AS n`);
  await pool.query('VACUUM ANALYZE audit_events');
  await pool.query('ANALYZE outbox_mails');
}

function check(what, ok, evidence) {
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${what}${ok ? '' : ` (${evidence})`}`);
  if (!ok) process.exitCode = 1;
}

function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * q)];
}
