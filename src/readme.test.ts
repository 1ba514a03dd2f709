import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

describe('where things are, by the README', () => {
  const [, table = ''] = /^## Where things are\n(.*?)^Imports run/ms.exec(README) ?? [];
  const named = [...table.matchAll(/`([^`]+)`/g)].map(([, path]) => String(path));

  it('is where they are', () => {
    const paths = named.filter((path) => path.includes('/') && !path.includes('*'));
    expect(paths.length).toBeGreaterThan(30);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each([
    'src/observability/',
    'client/src/',
    'postman-collections/source/',
    'grafana-dashboards/source/',
    'prometheus/',
    'artillery-tests/',
    'deploy/',
    'docs/decisions/',
  ])('tells of %s', (path) => {
    expect(named).toContain(path);
  });
});
