// npm run doctor: prepares what is not there yet, then checks the settings and the running instance. See docs/asvs.md.
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
  process.exit(2); // 1 would say that a must failed
}

const require = createRequire(import.meta.url);
require(process.env.NODE_ENV === 'production' ? '../dist/doctor/main.js' : '../dist/dev/doctor.js');
