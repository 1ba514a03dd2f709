// npm run audit:verify: prepares what is not there yet, then verifies the audit chain. See README.md, Operations.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

// As npm start reads them.
const settings = fileURLToPath(new URL('../.env', import.meta.url));
if (existsSync(settings)) process.loadEnvFile?.(settings);

try {
  // Standard output is the report's.
  await prepare({ build: true, say: (line) => process.stderr.write(`${line} …\n`) });
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(2); // 1 would say that the chain was tampered with
}

const require = createRequire(import.meta.url);
require(
  process.env.NODE_ENV === 'production' ? '../dist/audit-verify/main.js' : '../dist/dev/audit-verify.js',
);
