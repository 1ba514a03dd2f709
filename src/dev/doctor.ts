import { join } from 'node:path';
import { systemClock } from '../clock';
import { runDoctor } from '../doctor/doctor';
import { DATA_DIR } from './data-dir';
import { fillGapsOfCommand } from './fill-gaps';

// Through 'exit', which ends a server that was started for this.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));

/** The doctor in development: judges the environment with its gaps filled as for the development entry. */
void runDoctor({
  args: process.argv.slice(2),
  dataDir: DATA_DIR,
  envFile: join(__dirname, '..', '..', '.env'),
  clock: systemClock,
  open: ({ dataDir = DATA_DIR }) => fillGapsOfCommand(process.env, dataDir),
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});
