import cluster from 'node:cluster';
import { loadConfig } from './config';
import { createLogger } from './observability/logger';
import { runProcess } from './process';
import { serve } from './server';
import { startWorkers } from './workers';

/** The production entry: everything comes from the environment. */
void runProcess(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger(config.logLevel);
  if (config.workers > 1 && cluster.isPrimary) return startWorkers(config.workers, logger);
  const service = await serve(config, logger);
  logger.info({ address: service.address, baseUrl: config.baseUrl }, 'serving');
  return service;
});
