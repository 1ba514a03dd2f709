import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

it('tells where things are, and there they are', () => {
  const table = README.slice(README.indexOf('## Where things are'), README.indexOf('Imports run one way'));
  const places = [...table.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, place]) => String(place));
  expect(places.filter((place) => !existsSync(join(ROOT, place)))).toEqual([]);
  expect(places).toEqual(
    expect.arrayContaining([
      ...['src/admin/', 'src/user/', 'src/mail/', 'src/observability/', 'src/cli/commands/'],
      ...['client/src/', 'postman-collections/source/', 'grafana-dashboards/source/', 'prometheus/'],
      ...['metrics/README.md', 'docs/openapi.json', 'artillery-tests/'],
    ]),
  );
});
