// Known vulnerabilities of what is shipped. A finding fails; an audit service that cannot be reached is said, not hidden.
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const LIMIT_MS = 120_000;

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=low', '--json'], {
  encoding: 'utf8',
  shell: process.platform === 'win32',
  timeout: LIMIT_MS,
});
const counts = readCounts(stdout);
if (counts === undefined) {
  process.stdout.write(`audit: not checked (${error?.code ?? 'no answer from the audit service'})\n`);
} else if (counts.total > 0) {
  const { total: _, ...bySeverity } = counts;
  process.stderr.write(`audit: ${JSON.stringify(bySeverity)}; see: npm audit --omit=dev\n`);
  process.exit(1);
} else {
  process.stdout.write('audit: nothing known\n');
}

/** Of npm's report the counts; undefined where it is the report of an error, or none. */
function readCounts(json) {
  try {
    return JSON.parse(json).metadata?.vulnerabilities;
  } catch {
    return undefined;
  }
}
