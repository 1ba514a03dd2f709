import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { contentHash, filesBelow } from './prepare-state.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const CLIENT = join(ROOT, 'client');
const DIST = join(CLIENT, 'dist');
const STAMP = join(CLIENT, '.built');
const TIMEOUT_MS = 120_000;

const require = createRequire(import.meta.url);

/** Writes the types of docs/openapi.json, formatted by their generator. Throws an Error with what that said. */
export function writeClientSchema(file = join(CLIENT, 'src', 'schema.ts')) {
  const program = join(dirname(require.resolve('openapi-typescript/package.json')), 'bin', 'cli.js');
  run('openapi-typescript', process.execPath, [
    program,
    join(ROOT, 'docs', 'openapi.json'),
    '--output',
    file,
  ]);
}

/** Compiles client/src into client/dist, unless that is up to date. */
export function buildClient() {
  const sources = filesBelow(join(CLIENT, 'src')).map((file) => `client/src/${file}`);
  const settings = ['tsconfig.json', 'client/tsconfig.json', 'client/package.json', 'package-lock.json'];
  const hash = contentHash(ROOT, [...sources, ...settings]);
  if (existsSync(DIST) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return;
  rmSync(DIST, { recursive: true, force: true });
  run('tsc', process.execPath, [require.resolve('typescript/bin/tsc'), '-p', join(CLIENT, 'tsconfig.json')]);
  writeFileSync(STAMP, hash);
}

/** Packs the built client into a folder: the file's path, its size in bytes, and what is in it. */
export function packClient(folder) {
  mkdirSync(folder, { recursive: true });
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, size, unpackedSize, files }] = JSON.parse(
    run('npm pack', program, [...first, ...args], CLIENT),
  );
  return { file: join(folder, filename), size, unpackedSize, files };
}

function run(name, program, args, cwd = ROOT) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  if (status !== 0) throw new Error(`${name} failed: ${error?.message ?? ''}\n${stdout}${stderr}`);
  return stdout;
}
