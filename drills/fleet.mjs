import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openServer } from '../bench/databases.mjs';
import { startRedis } from '../bench/redis.mjs';
import { freePort } from '../bench/service.mjs';

const START_MS = 30_000;
const STOP_MS = 20_000;
const HEALTH_MS = 2_000;

/**
 * Processes of the built service as they stand behind a load balancer: each of its own, with the same secrets, over one
 * Redis and one PostgreSQL, which are started here and gone after `stop`. `env` are settings of every process.
 */
export async function openFleet(env = {}) {
  const server = await openServer();
  const stops = [() => server.stop()];
  const stop = async () => {
    for (const step of stops.splice(0).reverse()) await step();
  };
  try {
    const { url: databaseUrl, pool } = await server.createDatabase(`tollgate_fleet_${process.pid}`);
    const redisServer = await startRedis();
    stops.push(redisServer.stop);
    const redis = new Redis(redisServer.url, { maxRetriesPerRequest: 1, commandTimeout: 5_000 });
    stops.push(async () => redis.disconnect());
    const shared = {
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisServer.url,
      ...secrets(),
      LOG_LEVEL: 'fatal',
      ...env,
    };
    const running = new Set();
    const stopAll = () => Promise.all([...running].map((one) => one.stop()));
    stops.push(stopAll);
    /** Starts a process, on the port of one that was killed if there is one; resolves when it is ready to serve. */
    const start = async (more = {}, port) => {
      const service = launch({ ...shared, ...more }, port ?? (await freePort()));
      running.add(service);
      service.ended.then(() => running.delete(service));
      await ready(service);
      return service;
    };
    return {
      start,
      stopAll,
      stop,
      redis,
      pool,
      redisUrl: redisServer.url,
      metricsToken: shared.METRICS_TOKEN,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function secrets() {
  const names = ['JWT_SECRET', 'SECRET_KEYS', 'PASSWORD_PEPPER', 'METRICS_TOKEN'];
  return Object.fromEntries(names.map((name) => [name, randomBytes(32).toString('base64url')]));
}

function launch(env, port) {
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: join(import.meta.dirname, '..'),
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(port),
      BASE_URL: 'http://127.0.0.1:3000', // one for all, as a load balancer has it
      SMTP_URL: 'smtp://127.0.0.1:1', // no mail is sent
      ...env,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  return {
    port,
    ended,
    /** At once, as by a lack of memory. */
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async stop() {
      child.kill('SIGTERM');
      const late = sleep(STOP_MS, 'late', { ref: false });
      if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
      await ended;
    },
  };
}

async function ready({ port, ended }) {
  let gone = false;
  ended.then(() => {
    gone = true;
  });
  for (const until = performance.now() + START_MS; performance.now() < until && !gone; await sleep(50)) {
    const signal = AbortSignal.timeout(HEALTH_MS);
    const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal }).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
  }
  throw new Error(`the service on port ${port} was not ready within ${START_MS / 1_000} s`);
}
