import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from './config';

const strong = (salt: string) => `${salt}Xk29fQwLmZr7vTbNcYs4HdGpJe6uAoi`.slice(0, 32);

const development = {
  DATABASE_URL: 'postgresql://localhost/x',
  SMTP_URL: 'smtp://localhost',
  JWT_SECRET: strong('a'),
  SECRET_KEYS: strong('b'),
  PASSWORD_PEPPER: strong('c'),
};

const production = {
  ...development,
  NODE_ENV: 'production',
  REDIS_URL: 'redis://localhost',
  BASE_URL: 'https://api.example.org',
  METRICS_TOKEN: 'Zk29fQwLmYr7vTbN',
};

function privateKey(rsaBits?: number): string {
  const { privateKey: key } =
    rsaBits === undefined
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: rsaBits });
  return String(key.export({ type: 'pkcs8', format: 'pem' })).trim();
}

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

it('has the defaults of the contract', () => {
  expect(loadConfig(development)).toMatchObject({
    port: 3000,
    host: '127.0.0.1',
    baseUrl: 'http://localhost:3000',
    jwtAudience: 'http://localhost:3000',
    accessTokenTtl: 900,
    refreshTokenTtl: 604_800,
    sessionMaxAge: 2_592_000,
    passwordMinLength: 12,
    bcryptCost: 12,
    auditRetentionDays: 0,
    trustProxy: false,
    corsOrigins: [],
    workers: 1,
    tracing: undefined,
    logLevel: 'info',
  });
  expect(loadConfig(development).rates).toEqual({
    global: { capacity: 300, refillPerSecond: 50 },
    login: { capacity: 10, refillPerSecond: 2 },
    'login-account': { capacity: 10, refillPerSecond: 0.02 },
    'login-account-all': { capacity: 50, refillPerSecond: 0.0005 },
    reauth: { capacity: 5, refillPerSecond: 0.01 },
    register: { capacity: 10, refillPerSecond: 0.1 },
    guest: { capacity: 10, refillPerSecond: 0.1 },
    'otp-request': { capacity: 3, refillPerSecond: 0.1 },
    'otp-request-address': { capacity: 20, refillPerSecond: 0.1 },
    'otp-verify': { capacity: 10, refillPerSecond: 0.2 },
    mail: { capacity: 5, refillPerSecond: 0.0005 },
    refresh: { capacity: 30, refillPerSecond: 1 },
  });
});

it('reports every fault at once, by name, and shows no value', () => {
  const faults = faultsOf({
    ...development,
    PORT: '70000',
    BASE_URL: 'https://api.example.org/path',
    BCRYPT_COST: 'many',
    TRUST_PROXY: 'true',
    RATE_LIMIT_LOGIN: '10 per second',
    SECRET_KEYS: 'hunter2',
    REDIS_URL: 'http://:hunter2@localhost',
    SMTP_URL: 'mailto:hunter2@example.org',
    MAIL_FROM: 'a@b.example, hunter2@example.org',
    REFRESH_TOKEN_TTL: '99999999',
  });
  expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual(
    [
      'BASE_URL',
      'MAIL_FROM',
      'REDIS_URL',
      'SMTP_URL',
      'BCRYPT_COST',
      'PORT',
      'RATE_LIMIT_LOGIN',
      'REFRESH_TOKEN_TTL',
      'SECRET_KEYS',
      'TRUST_PROXY',
    ].sort(),
  );
  expect(faults.join()).not.toContain('hunter2');
});

it('starts in production with everything that it needs', () => {
  expect(faultsOf(production)).toEqual([]);
  expect(loadConfig(production).host).toBe('0.0.0.0');
});

it.each([
  'DATABASE_URL',
  'REDIS_URL',
  'SMTP_URL',
  'BASE_URL',
  'SECRET_KEYS',
  'PASSWORD_PEPPER',
  'METRICS_TOKEN',
  'JWT_SECRET',
])('refuses production without %s', (name) => {
  expect(faultsOf({ ...production, [name]: '' }).join()).toContain(name);
});

it('names everything that an empty production environment lacks', () => {
  expect(faultsOf({ NODE_ENV: 'production' })).toHaveLength(8);
});

it.each([
  ['JWT_SECRET', 'change-me-change-me-change-me-change-me'],
  ['SECRET_KEYS', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ['PASSWORD_PEPPER', 'short'],
  ['METRICS_TOKEN', 'example-token-for-metrics'],
  ['JWT_SECRET', production.SECRET_KEYS],
  ['ADMIN_PASSWORD', 'password'],
  ['BCRYPT_COST', '9'],
])('refuses a weak, sample or repeated %s in production', (name, value) => {
  expect(
    faultsOf({
      ...production,
      ADMIN_EMAIL: 'ops@example.org',
      ADMIN_PASSWORD: strong('d'),
      [name]: value,
    }).join(),
  ).toContain(name);
});

it('needs private keys for RS256 and ES256, and reads several', () => {
  expect(faultsOf({ ...production, JWT_ALG: 'ES256' }).join()).toContain('JWT_PRIVATE_KEYS');
  const pems = [privateKey(), privateKey()];
  const config = loadConfig({
    ...production,
    JWT_ALG: 'ES256',
    JWT_PRIVATE_KEYS: `${pems[0]}\n${pems[1]?.replaceAll('\n', '\\n')}`,
  });
  expect(config.signing).toEqual({ alg: 'ES256', privateKeys: pems });
});

it.each([
  ['JWT_SECRET', { JWT_SECRET: `${strong('a')},${strong('a')}` }],
  ['JWT_PRIVATE_KEYS', { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: `${privateKey()} and more` }],
  ['JWT_PRIVATE_KEYS', { JWT_ALG: 'RS256', JWT_PRIVATE_KEYS: privateKey() }],
  ['JWT_PRIVATE_KEYS', { JWT_ALG: 'RS256', JWT_PRIVATE_KEYS: privateKey(1024) }],
  ['DATABASE_URL', { DATABASE_URL: 'postgresql://' }],
  ['DATABASE_URL', { DATABASE_URL: 'postgresql:///hunter2' }],
  ['DATABASE_URL', { DATABASE_URL: 'postgresql://u:hunter2@localhost' }],
  ['DATABASE_URL', { DATABASE_URL: 'postgresql://u:hunter2%@localhost/x' }],
  ['ADMIN_EMAIL', { ADMIN_EMAIL: 'hunter2', ADMIN_PASSWORD: strong('d') }],
])('finds a %s that could not be used later', (name, env) => {
  const faults = faultsOf({ ...development, ...env });
  expect(faults).toEqual([expect.stringMatching(`^${name}: `)]);
  expect(faults.join()).not.toContain('hunter2');
});

it('reads a secret from a file, and refuses to be told it twice', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'tollgate-config-')), 'secret');
  writeFileSync(path, `${strong('f')}\n`);
  const { JWT_SECRET: _, ...rest } = development;
  expect(loadConfig({ ...rest, JWT_SECRET_FILE: path }).signing).toEqual({
    alg: 'HS256',
    secrets: [strong('f')],
  });
  expect(faultsOf({ ...development, JWT_SECRET_FILE: path }).join()).toContain('JWT_SECRET');
  expect(faultsOf({ ...rest, JWT_SECRET_FILE: `${path}-missing` }).join()).toContain('JWT_SECRET_FILE');
});

it.each([
  ['false', false],
  ['2', 2],
  ['10.0.0.0/8, 2001:db8::/32', ['10.0.0.0/8', '2001:db8::/32']],
])('reads TRUST_PROXY=%s', (value, trusted) => {
  expect(loadConfig({ ...development, TRUST_PROXY: value }).trustProxy).toEqual(trusted);
});

it.each(['0', '100', '0.0.0.0/0', '::/0', '10.0.0.0/8, ::/0', '10.0.0.0/33', '10.1', '0x7f.0.0.1', '1/8'])(
  'refuses TRUST_PROXY=%s',
  (value) => {
    expect(faultsOf({ ...development, TRUST_PROXY: value }).join()).toContain('TRUST_PROXY');
  },
);

it('traces to the collector that it is told', () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector:4318';
  expect(loadConfig({ ...development, OTEL_EXPORTER_OTLP_ENDPOINT }).tracing).toEqual({
    endpoint: OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: {},
    serviceName: 'tollgate',
    sampler: 'parentbased_always_on',
    ratio: 1,
  });
  const OTEL_EXPORTER_OTLP_HEADERS = 'authorization=Bearer%20a%2Cb, x-scope = one';
  expect(
    loadConfig({ ...development, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS }).tracing?.headers,
  ).toEqual({ authorization: 'Bearer a,b', 'x-scope': 'one' });
});

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'hunter2:4318'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://user:hunter2@collector'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector/?token=hunter2'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'hunter2'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=hunter2%0D%0Ax: y'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=hunter2%'],
  ['OTEL_TRACES_SAMPLER', 'hunter2'],
  ['OTEL_TRACES_SAMPLER_ARG', '2'],
])('refuses %s=%s', (name, value) => {
  const faults = faultsOf({ ...development, [name]: value });
  expect(faults).toEqual([expect.stringMatching(`^${name}: `)]);
  expect(faults.join()).not.toContain('hunter2');
});

it('refuses several workers without Redis', () => {
  expect(faultsOf({ ...development, WEB_CONCURRENCY: '2' }).join()).toContain('WEB_CONCURRENCY');
});
