import { runAuditVerify } from '../audit-verify/audit-verify';
import { DATA_DIR } from './data-dir';
import { fillGapsOfCommand } from './fill-gaps';

// Through 'exit', which ends a server that was started for this.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(2));

/** Verifies the audit chain in development: of the database that the environment names, else of the embedded one. */
void runAuditVerify({
  args: process.argv.slice(2),
  dataDir: DATA_DIR,
  open: ({ dataDir = DATA_DIR }) => fillGapsOfCommand(process.env, dataDir),
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});
