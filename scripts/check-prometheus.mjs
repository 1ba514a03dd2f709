// Checks prometheus.yml and its rules with Prometheus' own tool, and runs the rules' tests (prometheus/*.test.yml).
//
//   npm run check:prometheus     needs promtool (Debian: apt-get install prometheus); PROMTOOL names another binary
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const TOOL_MS = 120_000;
const root = join(import.meta.dirname, '..');
const promtool = process.env.PROMTOOL ?? 'promtool';

const filesOf = (ending) =>
  readdirSync(join(root, 'prometheus'))
    .filter((name) => name.endsWith(ending))
    .map((name) => join('prometheus', name));

for (const [command, files] of [
  [['check', 'config'], ['prometheus.yml']],
  [['check', 'rules'], filesOf('.rules.yml')],
  [['test', 'rules'], filesOf('.test.yml')],
]) {
  if (files.length === 0) fail(`there is nothing to ${command.join(' ')}`);
  process.stdout.write(`promtool ${[...command, ...files].join(' ')}\n`);
  const { status, error } = spawnSync(promtool, [...command, ...files], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: TOOL_MS,
  });
  if (error) fail(`${promtool}: ${error.message} (Debian: apt-get install prometheus)`);
  if (status !== 0) fail(`promtool ${command.join(' ')} ended with ${status}`);
}

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
