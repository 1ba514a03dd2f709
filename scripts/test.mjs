// npm test: prepares what is not there yet, then runs Jest with the arguments given.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { buildClient } from './client-package.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit({ build: true }); // the tests of the entries run the build
buildClient(); // and those of the client its own

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const jest = spawn(
  process.execPath,
  [at('node_modules/jest/bin/jest.js'), '--config', at('.config/jest.json'), ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.on('SIGINT', () => {}); // the terminal has told Jest too; its exit code counts
process.on('SIGTERM', () => jest.kill('SIGTERM'));
jest.on('exit', (code) => process.exit(code ?? 1));
