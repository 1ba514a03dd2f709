// What does forward authentication cost a request? A toy product behind nginx with deploy/nginx/forward-auth.conf,
// without the check (a public location) and with it, and the check asked directly, in rounds that alternate.
//
//   npm run bench:forward-auth               7 rounds of 2,000 requests 16 at a time and 500 one at a time, each way
//   ROUNDS=3 REQUESTS=500 npm run bench:forward-auth
//   REDIS_URL=redis://… npm run bench:forward-auth         with the state in Redis
//
// Client and product share a process, so the product's own share is the same both ways. Figures are medians of the
// rounds; ratios are taken within a round, and their median is shown. Ends with code 1 without nginx (NGINX names one).
import { Agent, request as httpRequest } from 'node:http';
import { availableParallelism } from 'node:os';
import { findNginx, startNginx } from './nginx.mjs';
import { startProduct } from './product.mjs';
import { post, signUp, startService } from './service.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const REQUESTS = Number(process.env.REQUESTS ?? 2_000);
const LOADS = [
  { name: '16 at a time', parallel: 16, requests: REQUESTS },
  { name: 'one at a time', parallel: 1, requests: Math.ceil(REQUESTS / 4) },
];
const ANSWER_MS = 10_000;
const FIGURES = ['perSecond', 'p50', 'p95', 'p99'];

const found = findNginx();
if (found === undefined) {
  console.log('there is no nginx (Debian: apt-get install nginx); NGINX names a binary elsewhere');
  process.exit(1);
}

const product = await startProduct();
const stops = [() => product.stop()];
try {
  const service = await startService({
    BCRYPT_COST: '10',
    TRUST_PROXY: '127.0.0.1',
    RATE_LIMIT_GLOBAL: '1000000/1000000',
  });
  stops.push(() => service.stop());
  const tollgatePort = Number(new URL(service.baseUrl).port);
  const nginx = await startNginx(found, { tollgatePort, productPort: product.port });
  stops.push(() => nginx.stop());

  const credentials = { email: 'ada@example.com', password: 'violet-lantern-47' };
  await signUp(service, { ...credentials, username: 'Ada Lovelace' });
  const { accessToken } = await (await post(service, '/auth/login', credentials)).json();
  const headers = { Authorization: `Bearer ${accessToken}` };
  const ways = {
    'without the check': { port: nginx.port, path: '/public/things', headers, status: 200 },
    'with the check': { port: nginx.port, path: '/things', headers, status: 200 },
    'the check alone': { port: tollgatePort, path: '/api/v1/auth/check', headers, status: 204 },
  };

  for (const way of Object.values(ways)) await measure(way, LOADS[0]); // Warm-up.
  const measured = new Map(LOADS.map((load) => [load, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [load, rounds] of measured) {
      // Who goes first moves on each round.
      const names = Object.keys(ways).map((_, at, all) => all[(at + round) % all.length]);
      const figures = {};
      for (const name of names) figures[name] = await measure(ways[name], load);
      rounds.push(figures);
    }
  }

  const state = process.env.REDIS_URL ? 'Redis' : 'in-process stores';
  console.log(
    `${found.version}, Node ${process.version}, ${availableParallelism()} cores, ${state}, ${ROUNDS} rounds`,
  );
  for (const [{ name, requests }, rounds] of measured) {
    console.log(`\n${`${name}, ${requests} requests`.padEnd(32)}   req/s   p50 ms   p95 ms   p99 ms`);
    for (const way of Object.keys(ways)) {
      row(way, (figure) => median(rounds.map((figures) => figures[way][figure])), figureText);
    }
    const ratio = (figure) => (figures) =>
      figures['with the check'][figure] / figures['without the check'][figure];
    row(
      'with / without',
      (figure) => median(rounds.map(ratio(figure))),
      (value) => `${value.toFixed(2)} x`,
    );
    const added = rounds.map((figures) => figures['with the check'].p50 - figures['without the check'].p50);
    console.log(`the check adds ${median(added).toFixed(2)} ms to the median request`);
  }
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** Sends a load one way over connections that are kept. Rejects if an answer is not the one expected. */
async function measure(way, { parallel, requests }) {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const servedBefore = product.requests;
  const times = [];
  let left = requests;
  const client = async () => {
    while (left-- > 0) {
      const begun = performance.now();
      await call(agent, way);
      times.push(performance.now() - begun);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: parallel }, client));
  const seconds = (performance.now() - begun) / 1000;
  agent.destroy();
  const served = product.requests - servedBefore;
  if (way.status === 200 && served !== requests) throw new Error(`${way.path}: the product served ${served}`);
  times.sort((a, b) => a - b);
  const percentile = (share) => times[Math.ceil(times.length * share) - 1];
  return {
    perSecond: requests / seconds,
    p50: percentile(0.5),
    p95: percentile(0.95),
    p99: percentile(0.99),
  };
}

function call(agent, { port, path, headers, status }) {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent, timeout: ANSWER_MS });
    request.on('response', (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === status) resolve();
        else reject(new Error(`${path} answered ${response.statusCode}`));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`${path}: no answer in ${ANSWER_MS} ms`)));
    request.on('error', reject);
    request.end();
  });
}

function row(name, figureOf, textOf) {
  const cells = FIGURES.map((figure) =>
    textOf(figureOf(figure), figure).padStart(figure === 'perSecond' ? 8 : 9),
  );
  console.log(name.padEnd(32) + cells.join(''));
}

function figureText(value, figure) {
  return figure === 'perSecond' ? value.toFixed(0) : value.toFixed(2);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
