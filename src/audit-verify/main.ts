import { runAuditVerify } from './audit-verify';

/** Verifies the audit chain of a production instance, whose environment it is run in. */
void runAuditVerify({
  args: process.argv.slice(2),
  open: async () => ({ environment: process.env, stop: async () => {} }),
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
}).then((code) => {
  process.exitCode = code;
});
