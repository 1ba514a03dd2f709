import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { missingPackages } from './prepare-state.mjs';

const INSTALL_MS = 600_000;

/**
 * Installs the packages of a folder that has a lock file of its own, unless they are there as it says; none of their code
 * runs. `what` is told before; `lacking` says that an optional one is needed and not there. Throws if npm fails.
 */
export function installFolder(folder, { what, options = [], lacking = false }) {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  if (!lacking && missingPackages(join(folder, 'package-lock.json'), installed, false) === 0) return;
  console.log(`       installing ${what}, once …`);
  const npm = process.env.npm_execpath;
  // The npm that started us, if one did: by its script, since Windows runs no .cmd without a shell.
  const [program, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const { status, error } = spawnSync(program, [...first, 'ci', '--ignore-scripts', ...options, ...quiet], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: INSTALL_MS,
    shell: program === 'npm' && process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`npm ci in ${folder}: ${error?.message ?? `it ended with code ${status}`}`);
}
