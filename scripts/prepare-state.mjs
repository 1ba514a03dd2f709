// What is there and what is not: the decisions of prepare.mjs.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** The oldest that all dependencies run on. */
const NODE_NEEDED = [20, 19];

/** Undefined if this version of Node will do. */
export function tooOldNode(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1])) return undefined;
  return `Tollgate needs Node ${NODE_NEEDED.join('.')} or newer; this is ${version}.`;
}

/**
 * How many packages of the lock file are not installed as it says. npm writes what it has installed, as its last step,
 * in the same form. Optional packages (those of other platforms) are none of ours.
 */
export function missingPackages(lockfile, installedList, withoutDev) {
  const locked = JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  const installed = existsSync(installedList) ? JSON.parse(readFileSync(installedList, 'utf8')).packages : {};
  return Object.entries(locked).filter(([path, entry]) => {
    if (path === '' || (withoutDev && (entry.dev || entry.devOptional))) return false;
    const present = installed[path];
    if (present === undefined) return !entry.optional && !entry.devOptional;
    return present.version !== entry.version || present.integrity !== entry.integrity;
  }).length;
}

/** One hash over files of a folder, their names included. */
export function contentHash(folder, files) {
  const hash = createHash('sha256');
  for (const file of [...files].sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(folder, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** All files below a folder, relative to it. */
export function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(folder, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    );
}
