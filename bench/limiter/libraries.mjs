import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installFolder } from '../../scripts/install-folder.mjs';

const FOLDER = import.meta.dirname;

/** Installs the libraries as locked, unless they are there. Throws if that fails. */
export function installLibraries() {
  installFolder(FOLDER, { what: 'the libraries to measure against' });
}

/** Names and versions, as pinned. */
export function libraryVersions() {
  const { devDependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8'));
  return Object.entries(devDependencies).map(([name, version]) => `${name} ${version}`);
}
