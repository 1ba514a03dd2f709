// npm start: prepares what is not there yet, then runs the service: in development with embedded backends.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { prepareOrExit } from './prepare.mjs';

// What the environment has already stays. A Node without this is told so by the next step.
const settings = fileURLToPath(new URL('../.env', import.meta.url));
if (existsSync(settings)) process.loadEnvFile?.(settings);

await prepareOrExit({ build: true });

const entry = process.env.NODE_ENV === 'production' ? 'dist/main.js' : 'dist/dev/main.js';
const service = spawn(
  process.execPath,
  ['--enable-source-maps', fileURLToPath(new URL(`../${entry}`, import.meta.url)), ...process.argv.slice(2)],
  // In a group of its own, so that it gets an interrupt from the terminal once, and from us.
  { stdio: 'inherit', detached: process.platform !== 'win32' },
);

// npm passes on what the terminal has sent us too; the service knows an echo from impatience.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => service.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
}
process.on('exit', () => service.kill('SIGTERM'));
service.on('error', (error) => {
  process.stderr.write(`the service cannot be run: ${error.message}\n`);
  process.exit(1);
});
service.on('exit', (code) => process.exit(code ?? 1));
