import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from './app';
import { startAuditKeeping } from './audit-keeping';
import { openBackends } from './backends';
import { CannotStart } from './cannot-start';
import { systemClock } from './clock';
import { compose } from './compose';
import type { Config } from './config';
import { startDependencyWatch } from './dependency-watch';
import { ensureFirstAdmin } from './first-admin';
import { startHousekeeping } from './housekeeping';
import { PROBLEM_CODES } from './http/problem';
import type { Logger } from './observability/logger';
import { Metrics } from './observability/metrics';
import { logSecurityEvent } from './observability/security-events';
import type { Tracing } from './observability/tracing';
import { migrate } from './stores/postgres/migrate';
import { whyUnusable } from './stores/postgres/unavailable';
import { VERSION } from './version';

/** Milliseconds that requests and mails under way may take to end once the process is told to. */
const DRAIN_MS = 10_000;
/** And after that the sealing of what they did, and closing. */
const CLOSE_MS = 2_000;
/** Milliseconds of these in which it still accepts, so that whoever asks for readiness sees it go. */
const FAREWELL_MS = 500;
/** Milliseconds between two looks for connections that have fallen idle. */
const IDLE_MS = 100;

export interface RunningService {
  /** Where it listens. */
  readonly address: string;
  /** True if this start made the first admin. */
  readonly firstAdminMade: boolean;
  /** Lets the user's sessions ask the record anew: for what another process wrote there, where no Redis is shared. */
  forgetUser(userId: string): Promise<void>;
  /** Stops accepting, lets requests and mails under way end, closes everything. */
  stop(): Promise<void>;
}

/** Brings the database up to date, opens everything and serves. Throws `CannotStart` for what the operator can mend. */
export async function serve(config: Config, logger: Logger): Promise<RunningService> {
  const clock = systemClock;
  await migrate(config.databaseUrl).catch((error: unknown) => {
    throw explained(error, config.databaseUrl);
  });
  const metrics = new Metrics(VERSION, PROBLEM_CODES);
  const tracing = await openTracing(config, logger);
  const { events } = metrics.dependencies;
  const backends = await openBackends(config, clock, {
    ...(tracing?.ofDependencies(events) ?? events),
    onRedisState: (state) => logger.warn({ dependency: 'redis', state }, `redis is ${state}`),
    onAudit: (event) => logSecurityEvent(logger, event),
  });
  try {
    const surroundings = { clock, logger, metrics, tracing };
    const { services, worker, outageWatch } = await compose(config, backends, surroundings);
    const { signingKeys, passwordHasher } = services;
    await backends.keyChanges.note({ signingKeys: signingKeys.kids, peppers: passwordHasher.pepperIds });
    const firstAdminMade = config.admin !== undefined && (await ensureFirstAdmin(services, config.admin));
    const server = createServer(
      // Bounds on slow clients: 10 s for the headers, 30 s for the whole request.
      { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
      createApp({ config, services, logger, tracing }),
    );
    const address = await listen(server, config.port, config.host);
    worker.start();
    const { housekeepingStore: store, auditRetention, auditSealer: sealer } = backends;
    const stopHousekeeping = startHousekeeping({ store, auditRetention, logger });
    const auditKeeping = startAuditKeeping({ sealer, audit: services.audit, logger });
    const stopRefreshing = services.policiesInForce.start();
    const stopWatching = startDependencyWatch(services.health, metrics);
    return {
      address,
      firstAdminMade,
      forgetUser: async (userId) => {
        await backends.sessionStore.beginChange(userId);
        await backends.sessionStore.endChange(userId, undefined);
      },
      stop: async () => {
        services.health.drain();
        stopHousekeeping();
        stopRefreshing();
        stopWatching();
        await Promise.all([drain(server), worker.stop(DRAIN_MS)]);
        // Not before that: of an outage in these seconds the log tells the end as well.
        outageWatch.stop();
        // The process ends next: nothing is lost with a connection that does not close.
        const closed = Promise.all([auditKeeping.stop().then(() => backends.close()), tracing?.close()]);
        await Promise.race([closed, sleep(CLOSE_MS)]);
      },
    };
  } catch (error) {
    await backends.close();
    throw error;
  }
}

/** OpenTelemetry is loaded where spans are exported, and nowhere else. */
async function openTracing({ tracing }: Config, logger: Logger): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const { OtlpTracing } = await import('./observability/otlp-tracing.js');
  return new OtlpTracing(tracing, logger, VERSION);
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new CannotStart(`Port ${port} on ${host} is taken. Set PORT to a free one.`) : error);
    });
    server.listen(port, host, () => {
      const bound = server.address() as AddressInfo;
      resolve(`http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`);
    });
  });
}

/** Tells clients to go, then stops accepting, and ends connections as they fall idle; what is busy after the bound is cut. */
async function drain(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  await sleep(FAREWELL_MS);
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
  clearTimeout(cut);
}

/** What to tell an operator whose database is not there or refuses us, without credentials; else the error itself. */
function explained(error: unknown, databaseUrl: string): unknown {
  const reason = whyUnusable(error);
  if (reason === undefined) return error;
  const { host, searchParams } = new URL(databaseUrl);
  return new CannotStart(
    `PostgreSQL at ${searchParams.get('host') ?? host} cannot be used: ${reason}. Look at DATABASE_URL.`,
  );
}
