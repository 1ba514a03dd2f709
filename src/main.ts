import { loadConfig } from './config';
import { createLogger } from './observability/logger';
import { runProcess } from './process';
import { serve } from './server';

/** The production entry: everything comes from the environment. */
void runProcess(async () => {
  const config = loadConfig(process.env);
  const logger = createLogger(config.logLevel);
  const service = await serve(config, logger);
  logger.info({ address: service.address, baseUrl: config.baseUrl }, 'serving');
  return service;
});
