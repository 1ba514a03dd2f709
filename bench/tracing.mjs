// What does tracing cost a request, off and on? GET /users/me, three ways in one process:
//
//   without   this build, with what tracing put on the way of a request taken out of it again
//   off       this build, without a collector
//   on        this build, with a collector that takes every span
//
//   npm run bench:tracing
//   LAUNCHES=20 ROUNDS=20 REQUESTS=1000 npm run bench:tracing
//   BASELINE=<folder> npm run bench:tracing      another built checkout in place of "without": that of an earlier commit, or
//                                                this one, to see what the bench makes of no difference at all
//
// Two processes of one build differ by several per cent, and so may two copies in one process. So the process is launched anew
// so many times, the ways in another order; within a launch rounds are shuffled. A launch gives one ratio, the median of its
// rounds; shown is the median of the launches, with its 95 % interval (bootstrap over launches). Log lines are written, for they
// grew. CPU is what the process took of the cores for one request; Linux alone tells that of another process.
// Ends with code 1 unless the whole interval of the CPU that "off" costs, as a share of "without", lies below a bound and is
// narrow enough to tell (tracing-verdict.mjs).
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepare } from '../scripts/prepare.mjs';
import { median, ratioOf } from './limiter/rounds.mjs';
import { freePort } from './service.mjs';
import { verdictOf } from './tracing-verdict.mjs';

const ROOT = join(import.meta.dirname, '..');
const LAUNCHES = Number(process.env.LAUNCHES ?? 12);
const ROUNDS = Number(process.env.ROUNDS ?? 15);
const REQUESTS = Number(process.env.REQUESTS ?? 1_000);
const PARALLEL = 16;
const WARM_UP_ROUNDS = 5;
const ANSWER_MS = 10_000;
const START_MS = 60_000;
const CREDENTIALS = { email: 'ops@example.org', password: 'violet-lantern-47' };

/** What tracing put into a request without a collector: file of the build, as it stands there, as it would without. */
const HOOKS = [
  [
    'http/request-context.js',
    "(0, trace_parent_1.parseTraceParent)(request.headers['traceparent'])",
    'undefined',
  ],
  ['http/request-context.js', "traceParent?.traceId ?? made.replaceAll('-', '')", 'undefined'],
  ['http/http-metrics.js', 'traceId: context.traceId,', ''],
  ['http/http-metrics.js', 'spanId: context.spanId,', ''],
];

await prepare({ build: true });
const stops = [];
try {
  const collector = await startCollector();
  stops.push(() => collector.stop());
  const environment = { ...(await settings()), LOG_LEVEL: 'info' };
  const traced = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  const ways = [
    { name: 'without', root: process.env.BASELINE ?? copyOfBuild(HOOKS), env: environment },
    { name: 'off', root: copyOfBuild([]), env: environment },
    { name: 'on', root: copyOfBuild([]), env: traced },
  ];
  const launches = [];
  for (let at = 0; at < LAUNCHES; at += 1) launches.push(await launch(shuffled(ways)));

  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, in-process stores, ${LAUNCHES} launches of ${ROUNDS} rounds of ${REQUESTS} requests ${PARALLEL} at a time`,
  );
  console.log(`"without" is ${process.env.BASELINE ?? 'this build with the hooks taken out'}\n`);
  console.log(`${''.padEnd(10)}   us CPU    req/s`);
  for (const { name } of ways) {
    const all = launches.flatMap((figures) => figures[name]);
    const cpu = median(all.map(({ cpuUs }) => cpuUs)).toFixed(1);
    const perSecond = median(all.map((figure) => figure.perSecond)).toFixed(0);
    console.log(`${name.padEnd(10)}${cpu.padStart(9)}${perSecond.padStart(9)}`);
  }
  console.log('');
  const off = compare(launches, 'off', 'without');
  compare(launches, 'on', 'off');
  console.log(`\n${collector.batches} batches of spans came to the collector`);
  if (collector.batches === 0) throw new Error('nothing was traced');
  const { passed, text } = verdictOf(off);
  console.log(`${passed ? 'ok' : 'FAILED'}  tracing that is off ${text}`);
  if (!passed) process.exitCode = 1;
} finally {
  for (const stop of stops.reverse()) await stop();
}

function compare(launches, one, other) {
  const ofLaunches = (figure) => {
    const ratios = launches.map((figures) =>
      median(figures[one].map((round, at) => round[figure] / figures[other][at][figure])),
    );
    return ratioOf(
      ratios.map((perSecond) => ({ perSecond })),
      ratios.map(() => ({ perSecond: 1 })),
    );
  };
  const [cpu, speed] = [ofLaunches('cpuUs'), ofLaunches('perSecond')];
  console.log(`${`${one} / ${other}`.padEnd(14)}  CPU ${told(cpu)}   req/s ${told(speed)}`);
  return cpu;
}

/** What every way has: a database of this run, and an admin to ask as. */
async function settings() {
  const { startEmbeddedPostgres } = createRequire(import.meta.url)('../dist/dev/embedded-postgres.js');
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  // Started by root, PostgreSQL runs as another user, who has to get in.
  chmodSync(folder, 0o711);
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') });
  stops.push(() => postgres.stop());
  const secret = () => randomBytes(32).toString('base64url');
  return {
    BASE_URL: 'http://localhost',
    DATABASE_URL: postgres.url,
    SMTP_URL: 'smtp://127.0.0.1:1',
    JWT_SECRET: secret(),
    SECRET_KEYS: secret(),
    PASSWORD_PEPPER: secret(),
    BCRYPT_COST: '4',
    ADMIN_EMAIL: CREDENTIALS.email,
    ADMIN_PASSWORD: CREDENTIALS.password,
    RATE_LIMIT_GLOBAL: '1000000/1000000',
  };
}

/** Serves all ways in a new process and measures them: by way, the figures of each round. */
async function launch(ways) {
  const child = fork(join(import.meta.dirname, 'tracing-ways.mjs'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL });
  try {
    const ports = await Promise.all(ways.map(() => freePort()));
    child.send(ways.map(({ root, env }, at) => ({ root, env: { ...env, PORT: String(ports[at]) } })));
    const [addresses] = await once(child, 'message', { signal: AbortSignal.timeout(START_MS) });
    const calls = await Promise.all(addresses.map((address) => callTo(address, agent)));
    const figures = Object.fromEntries(ways.map(({ name }) => [name, []]));
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
      for (const at of shuffled([...ways.keys()])) {
        const figure = await measure(child.pid, calls[at]);
        if (round >= 0) figures[ways[at].name].push(figure);
      }
    }
    child.send('stop');
    await ended;
    return figures;
  } finally {
    agent.destroy();
    child.kill('SIGKILL');
  }
}

async function callTo(address, agent) {
  const response = await fetch(`${address}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(CREDENTIALS),
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const { accessToken } = await response.json();
  const { hostname: host, port } = new URL(address);
  const headers = { Authorization: `Bearer ${accessToken}` };
  return { agent, host, port, path: '/api/v1/users/me', headers, timeout: ANSWER_MS };
}

async function measure(pid, call) {
  let left = REQUESTS;
  const client = async () => {
    while (left-- > 0) await send(call);
  };
  const [cpuBefore, begun] = [cpuNanoseconds(pid), performance.now()];
  await Promise.all(Array.from({ length: PARALLEL }, client));
  const seconds = (performance.now() - begun) / 1_000;
  return {
    perSecond: REQUESTS / seconds,
    cpuUs: (cpuNanoseconds(pid) - cpuBefore) / 1_000 / REQUESTS,
  };
}

function told({ ratio, low, high }) {
  return `${ratio.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/**
 * This build in a folder of its own, so that no code is shared, with hooks taken out. Throws if one is not where it was:
 * then this bench has to be told.
 */
function copyOfBuild(hooks) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-build-'));
  stops.push(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['dist', 'prisma', 'package.json'])
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, hook, instead] of hooks) {
    const file = join(folder, 'dist', name);
    const text = readFileSync(file, 'utf8');
    if (text.split(hook).length !== 2) throw new Error(`${name} does not hold once: ${hook}`);
    writeFileSync(file, text.replace(hook, instead));
  }
  return folder;
}

/** What all threads of a process have had of the cores so far. */
function cpuNanoseconds(pid) {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder)
    .map((task) => Number(readFileSync(join(folder, task, 'schedstat'), 'utf8').split(' ')[0]))
    .reduce((sum, part) => sum + part, 0);
}

function send(call) {
  return new Promise((resolve, reject) => {
    const request = httpRequest(call, (response) => {
      response.resume();
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    request.on('error', reject);
    request.end();
  });
}

async function startCollector() {
  const collector = { batches: 0 };
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      collector.batches += 1;
      response.end('{}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  collector.endpoint = `http://127.0.0.1:${server.address().port}`;
  collector.stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return collector;
}

function shuffled(items) {
  return items
    .map((item) => [Math.random(), item])
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
