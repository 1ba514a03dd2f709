import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dashboards, panels } from '../testing/monitoring';

const ROOT = join(__dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'metrics', 'README.md'), 'utf8');
const NAMES = readdirSync(join(ROOT, 'grafana-dashboards'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''))
  .toSorted();

describe('the pictures of the dashboards', () => {
  it('are shown on the page of the metrics, one for each, with what to read in it', () => {
    const shown = [...PAGE.matchAll(/^!\[([^\]]{20,})\]\((\w+)\.png\)$/gm)].map(([, , name]) => name);
    expect(shown.toSorted()).toEqual(NAMES);
    for (const { title } of dashboards) {
      const [, text = ''] = PAGE.split(`### ${title.replace('Tollgate: ', '')}\n`);
      expect([title, text.indexOf('![') > 200]).toEqual([title, true]);
    }
  });

  it.each(NAMES)('are there, large enough to read and no larger than a page can bear: %s', (name) => {
    const png = readFileSync(join(ROOT, 'metrics', `${name}.png`));
    expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(png.readUInt32BE(16)).toBe(1600);
    expect(png.length).toBeLessThan(400_000);
  });

  it('have a way to write every unit of the dashboards, and to draw every kind of panel', () => {
    const units = [...new Set(panels.map(({ panel }) => panel.fieldConfig?.defaults.unit))];
    const written = calling('draw/units', `units.map((unit) => told(1234.5, unit))`, { units });
    expect(written).toHaveLength(units.length);
    const source = readFileSync(join(ROOT, 'metrics', 'pictures', 'draw', 'dashboard.mjs'), 'utf8');
    for (const { panel } of panels) expect(source).toMatch(new RegExp(`^ {2}'?${panel.type}'?: draw`, 'm'));
  });
});

describe('the units of the pictures', () => {
  it.each([
    [0.98765, 'percentunit', '98.8%'],
    [0.00005, 's', '50 µs'],
    [0.0123, 's', '12.3 ms'],
    [95, 's', '1.58 min'],
    [0, 's', '0 s'],
    [1_572_864, 'bytes', '1.5 MiB'],
    [1234.5, 'reqps', '1.23 K req/s'],
    [0.0123, 'reqps', '0.012 req/s'],
    [-0.5, 'none', '-0.5'],
  ])('%d %s is %s', (value, unit, expected) => {
    expect(calling('draw/units', `told(value, unit)`, { value, unit })).toBe(expected);
  });

  it('have axes that end above the values, at round steps', () => {
    const axis = (most: number, unit: string, whole = false) =>
      calling('draw/units', 'axisFor(most, unit, whole)', { most, unit, whole });
    expect(axis(0, 'reqps')).toEqual({ step: 0.2, max: 1 });
    expect(axis(37, 'short')).toEqual({ step: 10, max: 40 });
    expect(axis(1, 'short', true)).toEqual({ step: 1, max: 1 });
    expect(axis(300, 's')).toEqual({ step: 60, max: 300 });
    expect(axis(150 * 2 ** 20, 'bytes')).toEqual({ step: 50 * 2 ** 20, max: 150 * 2 ** 20 });
  });
});

describe('the queries behind the pictures', () => {
  const vector = (value: string) => ({ metric: {}, value: [100, value] });
  const matrix = (...values: string[]) => ({ metric: {}, values: values.map((value, n) => [n, value]) });

  /** What is said of all dashboards when Prometheus answers this to every query. */
  const saidOf = (instant: unknown[], range: unknown[], error?: string) =>
    calling(
      'answers',
      `(await askAll({
        query: async () => { if (error) throw new Error(error); return instant; },
        queryRange: async () => range,
      }, { start: 0, end: 100, step: 5 })).map(({ queries, faults }) => [queries, faults.length])`,
      { instant, range, error },
    ) as [number, number][];

  it('are all asked, and well when every one has a number', () => {
    const said = saidOf([vector('0')], [matrix('NaN', '1')]);
    const asked = panels.reduce((sum, { targets }) => sum + targets.length, 0);
    expect(said.reduce((sum, [queries]) => sum + queries, 0)).toBe(asked);
    expect(said.map(([, faults]) => faults)).toEqual([0, 0, 0, 0]);
  });

  it('fail where nothing comes, or no number, or an error', () => {
    expect(saidOf([], []).every(([queries, faults]) => queries === faults)).toBe(true);
    expect(saidOf([vector('NaN')], [matrix('NaN')]).every(([queries, faults]) => queries === faults)).toBe(
      true,
    );
    const refused = saidOf([], [matrix('1')], 'parse error').map(([, faults]) => faults);
    expect(refused.reduce((sum, faults) => sum + faults, 0)).toBeGreaterThan(5);
  });
});

/** What an expression over `known` is, with what a module of metrics/pictures exports: Jest does not load those. */
function calling(module: string, expression: string, known: object): unknown {
  const href = pathToFileURL(join(ROOT, 'metrics', 'pictures', `${module}.mjs`)).href;
  const script = `
    import * as all from '${href}';
    const { told, axisFor, askAll } = all;
    const { ${Object.keys(known).join(', ')} } = ${JSON.stringify(known)};
    console.log(JSON.stringify(${expression}));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
  );
}
