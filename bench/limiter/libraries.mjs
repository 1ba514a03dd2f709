import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPackages } from '../../scripts/prepare-state.mjs';

const FOLDER = import.meta.dirname;
const INSTALL_MS = 120_000;

/** Installs the libraries as locked, unless they are there. Throws what npm says if that fails. */
export function installLibraries() {
  const installed = join(FOLDER, 'node_modules', '.package-lock.json');
  if (missingPackages(join(FOLDER, 'package-lock.json'), installed, false) === 0) return;
  console.log('Installing the libraries to measure against …');
  const args = ['ci', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const options = { cwd: FOLDER, encoding: 'utf8', timeout: INSTALL_MS, shell: process.platform === 'win32' };
  const { status, stdout, stderr, error } = spawnSync('npm', args, options);
  if (status !== 0) throw new Error(`npm ci: ${error?.message ?? `${stdout}${stderr}`}`);
}

/** Names and versions, as pinned. */
export function libraryVersions() {
  const { devDependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'));
  return Object.entries(devDependencies).map(([name, version]) => `${name} ${version}`);
}
