import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MODULE = pathToFileURL(join(__dirname, '..', '..', 'scripts', 'prepare-state.mjs')).href;
const folder = mkdtempSync(join(tmpdir(), 'tollgate-prepare-'));
const lockfile = join(folder, 'package-lock.json');
const installed = join(folder, 'installed.json');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('what npm start and npm test find to do', () => {
  it('asks for Node 20.19 or newer', () => {
    for (const version of ['18.20.0', '20.18.9'])
      expect(state('tooOldNode', version)).toMatch(/needs Node 20.19/);
    for (const version of ['20.19.0', '22.1.0']) expect(state('tooOldNode', version)).toBeUndefined();
  });

  it('counts everything as missing where nothing is installed', () => {
    writeLock(lockfile, { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } });
    expect(state('missingPackages', lockfile, join(folder, 'none'), false)).toBe(2);
  });

  it('counts what is absent or of another version, and lets packages of other platforms go', () => {
    writeLock(lockfile, {
      'node_modules/same': { version: '1.0.0', integrity: 'x' },
      'node_modules/newer': { version: '2.0.0' },
      'node_modules/altered': { version: '1.0.0', integrity: 'x' },
      'node_modules/absent': { version: '1.0.0' },
      'node_modules/elsewhere': { version: '1.0.0', optional: true },
      'node_modules/for-tests': { version: '1.0.0', dev: true },
    });
    writeLock(installed, {
      'node_modules/same': { version: '1.0.0', integrity: 'x' },
      'node_modules/newer': { version: '1.0.0' },
      'node_modules/altered': { version: '1.0.0', integrity: 'y' },
    });
    expect(state('missingPackages', lockfile, installed, false)).toBe(4);
    expect(state('missingPackages', lockfile, installed, true)).toBe(3);
  });

  it('notices a changed, a new and a renamed file', () => {
    const sources = join(folder, 'src');
    mkdirSync(join(sources, 'deep'), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(join(sources, name), text);
    const hash = () => state('contentHash', sources, state('filesBelow', sources));
    const seen = new Set<unknown>();
    write('a.ts', '1');
    seen.add(hash()).add(hash());
    expect(seen.size).toBe(1);
    write('a.ts', '2');
    seen.add(hash());
    write('deep/b.ts', '');
    seen.add(hash());
    rmSync(join(sources, 'deep', 'b.ts'));
    write('deep/c.ts', '');
    seen.add(hash());
    expect(seen.size).toBe(4);
  });
});

function writeLock(path: string, packages: Record<string, object>): void {
  writeFileSync(path, JSON.stringify({ packages: { '': {}, ...packages } }));
}

/** Calls a function of the module in a process of its own: Jest's module system has no import of ES modules. */
function state(name: string, ...args: unknown[]): unknown {
  const program = `import * as state from ${JSON.stringify(MODULE)};
    process.stdout.write(JSON.stringify(state[${JSON.stringify(name)}](...${JSON.stringify(args)})) ?? '')`;
  const answer = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return answer === '' ? undefined : JSON.parse(answer);
}
