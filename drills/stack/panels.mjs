import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', '..', 'grafana-dashboards');

/**
 * The dashboards, by the names of their files, with Grafana's variables filled into their queries: the whole range, and the
 * window of rates, in seconds.
 */
export function filledDashboards({ range, rateInterval }) {
  const filled = (expr) =>
    expr
      .replaceAll('$__rate_interval', `${rateInterval}s`)
      .replaceAll('$__range', `${range}s`)
      .replaceAll('$instance', '.+');
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((file) => {
      const dashboard = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
      for (const { targets = [] } of dashboard.panels) {
        for (const target of targets) target.expr = filled(target.expr);
      }
      return { name: file.replace('.json', ''), ...dashboard };
    });
}
