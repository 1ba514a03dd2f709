import { spawnSync } from 'node:child_process';
import process from 'node:process';

const ANSWER_MS = 20_000;

/** The first of these binaries that answers, and the first line of what it says; throws what to install if there is none. */
export function findBinary(binaries, versionOption, debianPackage) {
  for (const binary of binaries) {
    const { status, stdout, stderr } = spawnSync(binary, [versionOption], {
      encoding: 'utf8',
      timeout: ANSWER_MS,
    });
    if (status === 0) return { binary, version: (stdout || stderr).split('\n')[0].trim() };
  }
  throw new Error(`there is no ${binaries[0]} (Debian: apt-get install ${debianPackage})`);
}

/** The HAProxy there is; `HAPROXY` names another binary. */
export function findHaproxy() {
  return findBinary(
    process.env.HAPROXY ? [process.env.HAPROXY] : ['haproxy', '/usr/sbin/haproxy'],
    '-v',
    'haproxy',
  );
}
