import { openService } from '../cli/open-service';
import { runCliProcess } from '../cli/process';
import { loadConfig } from '../config';
import { DATA_DIR } from './data-dir';
import { fillGapsOfCommand } from './fill-gaps';

// Through 'exit', which ends a server that was started for this.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** The command line in development: reaches the database and the secrets of the development entry, running or not. */
void runCliProcess({
  args: process.argv.slice(2),
  dataDir: DATA_DIR,
  open: async ({ dataDir = DATA_DIR }) => {
    const parts = await fillGapsOfCommand(process.env, dataDir);
    try {
      const service = await openService(loadConfig(parts.environment));
      return {
        ...service,
        close: async () => {
          await service.close();
          await parts.stop();
        },
      };
    } catch (error) {
      await parts.stop();
      throw error;
    }
  },
});
