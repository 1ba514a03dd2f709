import { setTimeout as sleep } from 'node:timers/promises';
import { type Backends, openBackends } from '../backends';
import { systemClock } from '../clock';
import { type Composition, compose } from '../compose';
import type { Config } from '../config';
import { PROBLEM_CODES } from '../http/problem';
import { createLogger } from '../observability/logger';
import { Metrics } from '../observability/metrics';
import { VERSION } from '../version';

/** Milliseconds that closing may take: nothing is lost with a connection that does not close. */
const CLOSE_MS = 2_000;

/** The same parts that an instance of the service is made of. */
export interface OpenedService {
  readonly config: Config;
  readonly services: Composition['services'];
  readonly backends: Pick<Backends, 'sessionRecords' | 'keyUseStore'>;
  close(): Promise<void>;
}

/** Opens the parts of the service without serving; connects lazily, so that a command needs only what it uses. */
export async function openService(config: Config): Promise<OpenedService> {
  // Nobody scrapes a command.
  const metrics = new Metrics(VERSION, PROBLEM_CODES);
  // What is done here is told by the audit trail alone: standard output is the command's.
  const logger = createLogger('silent');
  const backends = await openBackends(config, systemClock, {
    ...metrics.dependencies.events,
    onRedisState: () => {},
    onAudit: () => {},
  });
  const { services } = await compose(config, backends, { clock: systemClock, logger, metrics });
  return {
    config,
    services,
    backends,
    close: () => Promise.race([backends.close(), sleep(CLOSE_MS, undefined, { ref: false })]),
  };
}
