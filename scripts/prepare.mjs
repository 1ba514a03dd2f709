// Brings the project to where it can start or be tested: installs, generates the Prisma client, builds. Each step says
// one line and is left out when its result is there. Plain Node: it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { withLock } from './prepare-lock.mjs';
import { contentHash, filesBelow, missingPackages, tooOldNode } from './prepare-state.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(ROOT, ...parts);

const LOCKFILE = at('package-lock.json');
const INSTALLED = at('node_modules', '.package-lock.json');
const CLIENT_STAMP = at('node_modules', '.prisma', 'client', '.tollgate');
const BUILD_STAMP = at('dist', '.tollgate');

/** Throws an error whose message says what to do. `force` builds also what is up to date; `say` is told of each step. */
export async function prepare({ build, force = false, say = sayToUser }) {
  const complaint = tooOldNode(process.versions.node);
  if (complaint !== undefined) throw new Error(complaint);
  // Two starts at once on a fresh clone must not install over each other.
  await withLock(at('.cache', 'prepare.lock'), say, () => {
    const buildIsDue = build && (force || readStamp(BUILD_STAMP) !== buildHash());
    const clientIsDue = readStamp(CLIENT_STAMP) !== clientHash();
    // An installation for production alone will do if there is nothing to make.
    const onlyRuns = process.env.NODE_ENV === 'production' && build && !buildIsDue && !clientIsDue;
    install(onlyRuns, say);
    // Installing removes what was generated.
    if (readStamp(CLIENT_STAMP) !== clientHash()) generateClient(say);
    if (buildIsDue) compile(say);
  });
}

function install(withoutDev, say) {
  const lack = missingPackages(LOCKFILE, INSTALLED, withoutDev);
  if (lack === 0) return;
  say(existsSync(INSTALLED) ? `Installing: ${lack} packages are not as locked` : 'Installing');
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  // The npm that started us, if one did: by its script, since Windows runs no .cmd without a shell.
  const [program, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  run('npm ci', program, [...first, ...args], { shell: program === 'npm' && process.platform === 'win32' });
}

function generateClient(say) {
  say('Generating the Prisma client');
  run('prisma generate', process.execPath, [at('node_modules', 'prisma', 'build', 'index.js'), 'generate'], {
    env: {
      ...process.env,
      // The command line would download an engine that generating does not use, unless it is told of a file.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  });
  writeFileSync(CLIENT_STAMP, clientHash());
}

function compile(say) {
  say('Building');
  const hash = buildHash(); // from before: what changes meanwhile is built the next time
  rmSync(at('dist'), { recursive: true, force: true });
  const compiler = at('node_modules', 'typescript', 'bin', 'tsc');
  run('tsc', process.execPath, [compiler, '-p', at('.config', 'tsconfig.build.json')]);
  for (const file of filesBelow(at('src'))) {
    if (file.endsWith('.ts') || file.startsWith('testing')) continue;
    mkdirSync(dirname(at('dist', file)), { recursive: true });
    cpSync(at('src', file), at('dist', file));
  }
  writeFileSync(BUILD_STAMP, hash);
}

function clientHash() {
  return contentHash(ROOT, ['prisma/schema.prisma', 'package-lock.json']);
}

function buildHash() {
  const sources = filesBelow(at('src')).map((file) => `src/${file}`);
  const settings = [
    'tsconfig.json',
    '.config/tsconfig.build.json',
    'package-lock.json',
    'prisma/schema.prisma',
  ];
  return contentHash(ROOT, [...sources, ...settings]);
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Silent when it goes well; else its whole output. */
function run(name, program, args, options = {}) {
  const result = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 26, ...options });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  throw new Error(`${name} failed${result.error === undefined ? '' : `: ${result.error.message}`}`);
}

function sayToUser(line) {
  process.stdout.write(`${line} …\n`);
}

/** For scripts: prepares, and ends the process with a plain message if that fails. */
export async function prepareOrExit(options) {
  try {
    await prepare(options);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await prepareOrExit({ build: false });
