import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installFolder } from '../scripts/install-folder.mjs';

const FOLDER = import.meta.dirname;
const at = (...parts) => join(FOLDER, ...parts);
/** What Artillery's own `engines` asks for. */
const NODE_NEEDED = [22, 18];
const END_MS = 180_000;

/** Installs Artillery, and a Node that it runs on where this one is too old. Returns what will run: versions and path. */
export function installArtillery() {
  const ownNode = isNewEnough(process.versions.node);
  installFolder(FOLDER, {
    what: 'Artillery (some 460 packages)',
    options: ownNode ? ['--omit=optional'] : [],
    lacking: findNode() === undefined,
  });
  const node = findNode();
  if (node === undefined) {
    throw new Error(
      `Artillery needs Node ${NODE_NEEDED.join('.')} or newer, and npm has none for ${process.platform} ${process.arch}: run this with a newer one`,
    );
  }
  const { version } = JSON.parse(readFileSync(at('node_modules', 'artillery', 'package.json'), 'utf8'));
  const nodeVersion = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  return { node, version, nodeVersion };
}

/**
 * Runs one scenario against `target`, and resolves to Artillery's report. `env` is for the processor. Rejects if Artillery
 * fails, or has not ended within three minutes.
 */
export async function runArtillery(node, { scenario, target, report, env }) {
  const bin = at('node_modules', 'artillery', 'bin', 'run');
  const args = [bin, 'run', '--quiet', '--target', target, '--output', report, scenario];
  const { HTTP_PROXY, HTTPS_PROXY, DEBUG, ...inherited } = process.env; // it would send the load through a proxy
  const child = spawn(node, args, {
    cwd: FOLDER,
    env: { ...inherited, ...env, ARTILLERY_DISABLE_TELEMETRY: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      printed = (printed + text).slice(-8_000);
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  clearTimeout(timer);
  process.off('exit', stop);
  if (code !== 0) throw new Error(`Artillery ended with code ${code}:\n${printed}`);
  return JSON.parse(readFileSync(report, 'utf8')).aggregate;
}

/** This Node if it is new enough, else the one that was installed for this machine. */
function findNode() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  return ['node', 'node-bin']
    .map((name) => at('node_modules', `${name}-${process.platform}-${process.arch}`, 'bin', 'node'))
    .find((path) => existsSync(path));
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1]);
}
