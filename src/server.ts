import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from './app';
import { openBackends } from './backends';
import { CannotStart } from './cannot-start';
import { systemClock } from './clock';
import { compose } from './compose';
import type { Config } from './config';
import { ensureFirstAdmin } from './first-admin';
import { startHousekeeping } from './housekeeping';
import type { Logger } from './observability/logger';
import { Metrics } from './observability/metrics';
import { migrate } from './stores/postgres/migrate';

/** How long requests under way may take to end once the process is told to. */
const DRAIN_MS = 10_000;

export interface RunningService {
  /** Where it listens. */
  readonly address: string;
  /** True if this start made the first admin. */
  readonly firstAdminMade: boolean;
  /** Stops accepting, lets requests and mails under way end, closes everything. */
  stop(): Promise<void>;
}

/** Brings the database up to date, opens everything and serves. Throws `CannotStart` for what the operator can mend. */
export async function serve(config: Config, logger: Logger): Promise<RunningService> {
  const clock = systemClock;
  await migrate(config.databaseUrl);
  const metrics = new Metrics(() => backends.sessionStore.countLive());
  const backends = await openBackends(config, clock, {
    onRedisCommand: (operation) => metrics.countRedisOperation(operation),
    onRedisState: (state) => logger.warn({ dependency: 'redis', state }, `redis is ${state}`),
  });
  try {
    const { services, worker } = await compose(config, backends, { clock, logger, metrics });
    const firstAdminMade = config.admin !== undefined && (await ensureFirstAdmin(services, config.admin));
    const server = createServer(
      // Bounds on slow clients: 10 s for the headers, 30 s for the whole request.
      { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
      createApp({ config, services, logger }),
    );
    const address = await listen(server, config.port, config.host);
    worker.start();
    const stopHousekeeping = startHousekeeping(backends.housekeepingStore, logger);
    return {
      address,
      firstAdminMade,
      stop: async () => {
        services.health.drain();
        stopHousekeeping();
        await drain(server);
        await worker.stop();
        await backends.close();
      },
    };
  } catch (error) {
    await backends.close();
    throw error;
  }
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

/** Stops accepting, and ends connections as they fall idle; what is still busy after the bound is cut. */
async function drain(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
