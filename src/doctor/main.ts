import { join } from 'node:path';
import { systemClock } from '../clock';
import { runDoctor } from './doctor';

/** The doctor of a production instance: judges the environment it is run in. */
void runDoctor({
  args: process.argv.slice(2),
  envFile: join(__dirname, '..', '..', '.env'),
  clock: systemClock,
  open: async () => ({ environment: process.env, filled: new Set(), stop: async () => {} }),
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});
