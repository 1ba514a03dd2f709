import type { RequestListener } from 'node:http';
import pino from 'pino';
import { createApp } from '../app';
import { type Backends, recordStores } from '../backends';
import { type Composition, compose } from '../compose';
import { type Config, loadConfig } from '../config';
import { PROBLEM_CODES } from '../http/problem';
import { keepingStores } from '../keeping-stores';
import type { DependencyEvents } from '../observability/dependency-metrics';
import { Metrics } from '../observability/metrics';
import { logSecurityEvent } from '../observability/security-events';
import type { Tracing } from '../observability/tracing';
import { memoryStores, redisStores, type StateStores } from '../state-stores';
import type { AuditEvent } from '../stores/audit/audit-store';
import { Database, type DatabaseOptions } from '../stores/postgres/database';
import { openRedis } from '../stores/redis/redis';
import { VERSION } from '../version';
import { CapturedMailer } from './captured-mailer';
import { TestClock } from './test-clock';
import { createTestDatabase } from './test-database';
import { testRedisUrl, uniqueRedisPrefix } from './test-redis';
import { watchAnswers } from './watch-answers';

export interface TestApp {
  readonly app: RequestListener;
  readonly config: Config;
  readonly clock: TestClock;
  readonly mailer: CapturedMailer;
  readonly database: Database;
  readonly databaseUrl: string;
  readonly services: Composition['services'];
  readonly backends: Backends;
  /** Log lines written so far. */
  readonly logged: string[];
  /** Sends every mail that is due. */
  deliverMails(): Promise<void>;
  /** Throws if an answer was not as the OpenAPI document says. */
  close(): Promise<void>;
}

/** For a machine that runs many tests at once; a test of outages asks for the production bounds. */
const PATIENT_MS = 10_000;
const PATIENT: DatabaseOptions = { connectMs: PATIENT_MS, statementMs: PATIENT_MS };

export interface TestAppOptions {
  readonly databaseBounds?: DatabaseOptions;
  readonly env?: NodeJS.ProcessEnv;
  readonly state?: StateKind;
  /** That of another app, as a second instance has it, or one that is away; left to whoever made it. */
  readonly databaseUrl?: string;
  /** A Redis of the test's own, with the production bounds. */
  readonly redisUrl?: string;
  /** That of another app, as a second instance has it. */
  readonly redisPrefix?: string;
  readonly tracing?: Tracing;
}

export type StateKind = 'in-process stores' | 'Redis';

/** Where the working state can be kept on this machine; without a Redis the global setup has said so. */
export const stateKinds: readonly StateKind[] =
  testRedisUrl() === undefined ? ['in-process stores'] : ['in-process stores', 'Redis'];

const TEST_ENV = {
  BASE_URL: 'http://tollgate.test',
  DATABASE_URL: 'postgresql://set-by-the-test',
  SMTP_URL: 'smtp://127.0.0.1:1',
  JWT_SECRET: 'a-signing-secret-for-the-tests-alone-0001',
  SECRET_KEYS: 'a-derivation-secret-for-the-tests-alone-01',
  PASSWORD_PEPPER: 'a-pepper-for-the-tests-alone-000000000001',
  BCRYPT_COST: '4',
  // Each test client comes from an address of its own.
  TRUST_PROXY: '1',
};

/** The real app over a database of its own, with mails captured and a clock that can be moved. */
export async function createTestApp({
  env = {},
  state = 'in-process stores',
  databaseUrl,
  redisUrl,
  redisPrefix = uniqueRedisPrefix(),
  databaseBounds = PATIENT,
  tracing,
}: TestAppOptions = {}): Promise<TestApp> {
  const testDatabase =
    databaseUrl === undefined
      ? await createTestDatabase()
      : { url: databaseUrl, drop: () => Promise.resolve() };
  const config = loadConfig({ ...TEST_ENV, DATABASE_URL: testDatabase.url, ...env });
  const clock = new TestClock();
  const logged: string[] = [];
  const logger = pino({ level: 'info', base: null }, { write: (line: string) => void logged.push(line) });
  const mailer = new CapturedMailer();
  const metrics = new Metrics(VERSION, PROBLEM_CODES);
  const { events } = metrics.dependencies;
  const observed = tracing?.ofDependencies(events) ?? events;
  const database = new Database(config.databaseUrl, {
    ...databaseBounds,
    onStatement: (seconds, operation) => observed.onStatement('requests', seconds, operation),
  });
  const redis =
    redisUrl === undefined
      ? { url: sharedRedis(state), prefix: redisPrefix, commandMs: PATIENT_MS }
      : { url: redisUrl, prefix: redisPrefix };
  const opened = await openTestState(redis, clock, config, observed);
  const onAudit = (event: AuditEvent) => logSecurityEvent(logger, event);
  const backends: Backends = {
    ...recordStores({ database, clock, secretKeys: config.secretKeys, onAudit }),
    ...keepingStores({ ...config, unhurried: database, sealing: database, clock, onAudit }),
    ...opened.stores,
    mailer,
    healthChecks: [
      { name: 'postgresql', required: true, check: () => database.check() },
      ...opened.healthChecks,
      { name: 'smtp', required: false, check: () => mailer.check() },
    ],
    postgresPools: [{ name: 'requests', state: () => database.poolState }],
    close: async () => {},
  };
  const { services, worker, outageWatch } = await compose(config, backends, {
    clock,
    logger,
    metrics,
    tracing,
  });
  const faults = new Set<string>();
  return {
    app: watchAnswers(createApp({ config, services, logger, tracing }), (fault) =>
      faults.add(`${fault}\n  in: ${expect.getState().currentTestName}`),
    ),
    config,
    clock,
    mailer,
    database,
    databaseUrl: testDatabase.url,
    services,
    backends,
    logged,
    deliverMails: async () => void (await worker.drain()),
    close: async () => {
      await worker.stop();
      outageWatch.stop();
      await opened.close();
      await database.close();
      await testDatabase.drop();
      if (faults.size > 0) throw new Error(`not in the OpenAPI document: ${[...faults].join('\n')}`);
    },
  };
}

const sharedRedis = (kind: StateKind) => (kind === 'Redis' ? testRedisUrl() : undefined);

async function openTestState(
  {
    url,
    ...bounds
  }: { readonly url: string | undefined; readonly prefix: string; readonly commandMs?: number },
  clock: TestClock,
  config: Config,
  events: DependencyEvents,
): Promise<{ stores: StateStores; healthChecks: Backends['healthChecks']; close(): Promise<void> }> {
  const options = { clock, maxAgeSeconds: config.sessionMaxAge };
  if (url === undefined) return { stores: memoryStores(options), healthChecks: [], close: async () => {} };
  const redis = await openRedis({
    url,
    ...bounds,
    onCommand: events.onRedisCommand,
    onCommandEnded: events.onRedisCommandEnded,
  });
  return {
    stores: redisStores(redis, options),
    healthChecks: [{ name: 'redis', required: true, check: () => redis.ready() }],
    close: () => redis.close(),
  };
}
