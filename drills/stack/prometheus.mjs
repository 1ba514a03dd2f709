import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBinary } from '../../scripts/find-binary.mjs';
import { rendered, start } from './running.mjs';

const ROOT = join(import.meta.dirname, '..', '..');
const ANSWER_MS = 10_000;
const DISCOVERED = `    dns_sd_configs:
      - names: [api]
        type: A
        port: 3000
        refresh_interval: 15s
`;

/** The Prometheus there is; `PROMETHEUS` names another binary. */
export function findPrometheus() {
  return findBinary([process.env.PROMETHEUS ?? 'prometheus'], '--version', 'prometheus');
}

/**
 * Starts Prometheus with the deployed files, other targets alone, and the token that lies in `secrets`. It scrapes and
 * evaluates every so many `seconds`, if they are given, else as deployed.
 */
export async function startPrometheus({ dir, port, targets, secrets, seconds }) {
  const folder = join(dir, 'prometheus');
  mkdirSync(join(folder, 'prometheus'), { recursive: true });
  for (const name of ['recording.rules.yml', 'alerts.rules.yml']) {
    cpSync(join(ROOT, 'prometheus', name), join(folder, 'prometheus', name));
  }
  cpSync(secrets, join(folder, 'prometheus', 'secrets'), { recursive: true });
  const config = rendered('prometheus.yml', readFileSync(join(ROOT, 'prometheus.yml'), 'utf8'), [
    [DISCOVERED, `    static_configs:\n      - targets: [${targets.join(', ')}]\n`],
    ['localhost:9090', `127.0.0.1:${port}`],
    ...(seconds ? intervalsOf(seconds) : []),
  ]);
  writeFileSync(join(folder, 'prometheus.yml'), config);
  const server = await start(
    'prometheus',
    findPrometheus().binary,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    {
      log: join(dir, 'prometheus.log'),
      ready: async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).status === 200,
    },
  );
  return { ...server, ...apiOf(`http://127.0.0.1:${port}/api/v1`) };
}

function intervalsOf(seconds) {
  return [
    ['scrape_interval: 15s', `scrape_interval: ${seconds}s`],
    ['scrape_timeout: 10s', `scrape_timeout: ${seconds}s`],
    ['evaluation_interval: 15s', `evaluation_interval: ${seconds}s`],
  ];
}

function apiOf(base) {
  const ask = async (path, parameters) => {
    const response = await fetch(`${base}/${path}`, {
      ...(parameters && { method: 'POST', body: new URLSearchParams(parameters) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const { status, data, error } = await response.json();
    if (status !== 'success') throw new Error(`${parameters?.query ?? path}: ${error}`);
    return data;
  };
  return {
    targets: async () => (await ask('targets?state=active')).activeTargets,
    rules: async () => (await ask('rules')).groups.flatMap(({ rules }) => rules),
    alerts: async () => (await ask('alerts')).alerts,
    /** Series of an expression as they are now, or at a Unix time. Throws with what Prometheus says against it. */
    query: async (query, time = now()) => (await ask('query', { query, time })).result,
    /** Series of the `seconds` up to now, or to another Unix time. */
    queryRange: async (query, seconds, { end = now(), step = 15 } = {}) =>
      (await ask('query_range', { query, start: end - seconds, end, step })).result,
  };
}

function now() {
  return Math.floor(Date.now() / 1000);
}
