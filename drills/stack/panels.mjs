import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', '..', 'grafana-dashboards');

/** Every query of every panel of every dashboard, with Grafana's variables filled in for a range of so many seconds. */
export function panelQueries(seconds) {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return files.flatMap((file) => {
    const dashboard = JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));
    return dashboard.panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, instant }) => ({
        dashboard: dashboard.title,
        panel: panel.title,
        instant,
        expr: expr
          .replaceAll('$__rate_interval', '1m')
          .replaceAll('$__range', `${seconds}s`)
          .replaceAll('$instance', '.+'),
      })),
    );
  });
}
