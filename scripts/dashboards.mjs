// Makes Grafana's dashboards from grafana-dashboards/source.
//
//   npm run dashboards                 writes grafana-dashboards/*.json
//   npm run dashboards -- --check      ends with 1 if those there are others
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { dashboardFiles } from '../grafana-dashboards/source/dashboards.mjs';

const folder = join(import.meta.dirname, '..', 'grafana-dashboards');
const check = process.argv.includes('--check');

for (const [name, text] of Object.entries(dashboardFiles())) {
  const path = join(folder, name);
  if (!check) {
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write(`grafana-dashboards/${name} is not what its source makes: npm run dashboards\n`);
    process.exitCode = 1;
  }
}
