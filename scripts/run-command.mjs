// What npm run doctor, admin and the like have in common.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';

/**
 * Reads .env as npm start does, prepares what is not there yet, and runs in this process the entry of the build that
 * NODE_ENV asks for. Ends with `unprepared` if it cannot be prepared.
 */
export async function runCommand({ production, development, unprepared }) {
  const settings = fileURLToPath(new URL('../.env', import.meta.url));
  if (existsSync(settings)) process.loadEnvFile?.(settings);
  try {
    // Standard output is the command's.
    await prepare({ build: true, say: (line) => process.stderr.write(`${line} …\n`) });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(unprepared);
  }
  const entry = process.env.NODE_ENV === 'production' ? production : development;
  createRequire(import.meta.url)(`../dist/${entry}`);
}
