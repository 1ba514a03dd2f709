// The child of bench/tracing.mjs: serves several builds or settings of the service in one process, and says where. In one
// process they share what makes two processes of the same build differ by several per cent.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

process.once('message', async (ways) => {
  const running = [];
  let migrate;
  for (const { root, env } of ways) {
    const require = createRequire(join(root, 'dist', 'server.js'));
    // Prisma's engine for migrations can be there once in a process.
    const ours = join(root, 'dist', 'stores', 'postgres', 'migrate.js');
    if (migrate === undefined) require(ours);
    else require.cache[ours] = migrate;
    migrate ??= require.cache[ours];
    const { loadConfig } = require('./config.js');
    const { createLogger } = require('./observability/logger.js');
    const { serve } = require('./server.js');
    const config = loadConfig(env);
    running.push(await serve(config, createLogger(config.logLevel)));
  }
  process.send(running.map(({ address }) => address));
  process.once('message', async () => {
    await Promise.all(running.map((service) => service.stop()));
    process.exit(0);
  });
});
