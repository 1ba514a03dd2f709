import { loadConfig } from '../config';
import { openService } from './open-service';
import { runCliProcess } from './process';

/** The command line of a production instance: reaches what the environment it is run in names. */
void runCliProcess({
  args: process.argv.slice(2),
  open: async () => openService(loadConfig(process.env)),
});
