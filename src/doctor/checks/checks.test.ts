import { generateKeyPairSync } from 'node:crypto';
import { goodFacts, goodInstance, withHeader } from '../../testing/doctor-facts';
import { SigningKeys } from '../../tokens/signing-keys';
import type { Verdict } from '../check';
import { type Facts, seen, unseen } from '../facts';
import { runChecks } from '../run-checks';
import { CHECKS } from './all';

/** The requirements of ASVS 5.0.0 that are named, with the level the standard gives each. */
const LEVELS = {
  1: 'V3.3.1 V3.4.1 V3.4.2 V3.5.2 V4.1.1 V6.2.1 V6.3.1 V6.3.2 V6.4.1 V9.1.2 V12.1.1 V12.2.1 V12.2.2',
  2:
    'V2.4.1 V3.3.2 V3.3.3 V3.3.4 V3.4.3 V3.4.4 V3.4.5 V3.4.6 V4.1.3 V6.6.3 V7.3.1 V7.3.2 V11.2.3 V11.4.2 V11.5.1 ' +
    'V12.3.1 V12.3.2 V13.2.1 V13.2.2 V13.2.3 V13.3.1 V13.3.2 V13.4.2 V13.4.4 V13.4.5 V14.3.2 V15.3.4 V16.2.2 V16.3.1 V16.5.1',
  3: 'V3.3.5 V3.4.8 V3.5.8 V4.1.4 V13.3.4 V13.4.6',
};

const rsa = (modulusLength: number) =>
  String(generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type: 'pkcs8', format: 'pem' }));
const ec = () =>
  String(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
const EC = ec();
const jwks = (...pems: string[]) => new SigningKeys({ alg: 'ES256', privateKeys: pems }).jwks().keys;

const database = (more: object) =>
  goodFacts({}, { database: seen({ ...seenIn(goodFacts().database), ...more }) });
const accounts = (more: object, environment: NodeJS.ProcessEnv = {}) =>
  goodFacts(environment, {
    database: seen({
      ...seenIn(goodFacts().database),
      accounts: { activeAdmins: 1, sampleAdmins: 0, hashes: [], ...more },
    }),
  });
const redis = (own: object | undefined, more: object = {}) => {
  const [server] = seenIn(goodFacts().redis);
  if (server?.own === undefined) throw new Error('the good one tells of itself');
  return goodFacts({}, { redis: seen([{ ...server, own: own && { ...server.own, ...own }, ...more }]) });
};
const migrations = (more: object) =>
  goodFacts({}, { migrations: seen({ ...seenIn(goodFacts().migrations), ...more }) });
const instance = (...arguments_: Parameters<typeof goodInstance>) =>
  goodFacts({}, { instance: seen(goodInstance(...arguments_)) });
const header = (...arguments_: Parameters<typeof withHeader>) =>
  goodFacts({}, { instance: seen(withHeader(...arguments_)) });
const certificate = (more: object) =>
  instance(
    {},
    { certificate: { protocol: 'TLSv1.3', trusted: true, validUntil: Date.UTC(2027, 1, 1), ...more } },
  );
const cookie = (text: string) => header(['cookieLogout'], 'set-cookie', [text]);
const answered = (name: Parameters<typeof withHeader>[0][number], more: object) => {
  const good = goodInstance().answers[name];
  if (good === undefined) throw new Error('the good one answers');
  return instance({ [name]: { ...good, ...more } });
};

function seenIn<T>(it: { seen: true; value: T } | { seen: false }): T {
  if (!it.seen) throw new Error('it is seen');
  return it.value;
}

const CLOCK_WRONG = { aheadMs: -9_000, uncertaintyMs: 40 };

/** Check (id, and words of its title where several share it), what is wrong, the facts, verdict, words of the evidence. */
const CASES: readonly (readonly [
  check: string,
  what: string,
  facts: Facts,
  verdict: Verdict,
  evidence: RegExp,
])[] = [
  // settings
  ['TG-1', 'a setting is missing', goodFacts({ METRICS_TOKEN: undefined }), 'fail', /METRICS_TOKEN/],
  [
    'TG-1',
    'development lacks it',
    goodFacts({ METRICS_TOKEN: undefined }, { production: false }),
    'not applicable',
    /METRICS/,
  ],
  ['V13.4.2', 'it is development', goodFacts({ NODE_ENV: 'development' }), 'fail', /NODE_ENV/],
  ['V13.4.2', 'a debugger is open', goodFacts({ NODE_OPTIONS: '--inspect=0.0.0.0' }), 'fail', /NODE_OPTIONS/],
  ['V13.4.2', 'it logs all', goodFacts({ LOG_LEVEL: 'trace' }), 'warn', /trace/],
  ['V16.3.1', 'it logs errors alone', goodFacts({ LOG_LEVEL: 'error' }), 'fail', /error/],
  [
    'TG-2',
    'the sender is reserved',
    goodFacts({ MAIL_FROM: 'Tollgate <no-reply@localhost.test>' }),
    'fail',
    /reserved/,
  ],
  // secrets
  [
    'V11.5.1 JWT_SECRET',
    'it is short',
    goodFacts({ JWT_SECRET: 'abcabcabcabcabcabcabcabcabcabcabca' }),
    'fail',
    /weak/,
  ],
  [
    'V11.5.1 JWT_SECRET',
    'keys sign',
    goodFacts({ JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: EC }),
    'not applicable',
    /ES256/,
  ],
  [
    'V11.5.1 SECRET_KEYS',
    'it is a sample',
    goodFacts({ SECRET_KEYS: 'changeme-changeme-changeme-changeme' }),
    'fail',
    /sample/,
  ],
  [
    'V11.5.1 PASSWORD_PEPPER',
    'it repeats another',
    goodFacts({ PASSWORD_PEPPER: goodFacts().config.secretKeys[0] }),
    'fail',
    /repeats a secret of SECRET_KEYS/,
  ],
  ['V11.5.1 METRICS_TOKEN', 'there is none', goodFacts({ METRICS_TOKEN: undefined }), 'fail', /not set/],
  [
    'V11.2.3',
    'an RSA key is small',
    goodFacts({ JWT_ALG: 'RS256', JWT_PRIVATE_KEYS: rsa(2048) }),
    'fail',
    /2048/,
  ],
  ['V11.2.3', 'it is P-256', goodFacts({ JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: EC }), 'pass', /P-256/],
  ['V9.1.2', 'keys of both kinds', goodFacts({ JWT_PRIVATE_KEYS: EC }), 'warn', /JWT_PRIVATE_KEYS/],
  ['V13.3.1', 'they are in the environment', goodFacts(), 'warn', /SECRET_KEYS/],
  [
    'V13.3.2',
    'everybody reads them',
    goodFacts({}, { secretFiles: [{ name: '.env', mode: 0o644 }] }),
    'warn',
    /0644/,
  ],
  [
    'V13.3.2',
    'others write them',
    goodFacts({}, { secretFiles: [{ name: '.env', mode: 0o666 }] }),
    'fail',
    /0666/,
  ],
  [
    'V13.3.4',
    'an old one is kept',
    goodFacts({ SECRET_KEYS: 'Yc8JfS6vGe1uHn3bVq7mXw2LtR9zKd4pZo,Qm2vYc8JfS6vGe1uHn3bVq7mXw2LtR9zKd4' }),
    'warn',
    /1 more of SECRET_KEYS/,
  ],
  // transport
  [
    'V12.2.1',
    'clients come in the clear',
    goodFacts({ BASE_URL: 'http://api.acme-works.io' }),
    'fail',
    /http/,
  ],
  [
    'V12.2.1',
    'clients are on this machine',
    goodFacts({ BASE_URL: 'http://127.0.0.1:3000' }),
    'warn',
    /this machine/,
  ],
  [
    'V12.3.1 PostgreSQL',
    'it says no',
    goodFacts(
      { DATABASE_URL: 'postgresql://u:p@db.acme-works.io/x?sslmode=disable' },
      { database: unseen('away') },
    ),
    'fail',
    /in the clear/,
  ],
  ['V12.3.1 PostgreSQL', 'the connection is not', database({ encrypted: false }), 'fail', /in the clear/],
  [
    'V12.3.1 PostgreSQL',
    'inside a network of containers',
    goodFacts({ DATABASE_URL: 'postgresql://u:p@postgres/x' }, { database: unseen('away') }),
    'warn',
    /private network/,
  ],
  [
    'V12.3.1 PostgreSQL',
    'on this machine',
    goodFacts({ DATABASE_URL: 'postgresql://u:p@127.0.0.1/x' }),
    'pass',
    /not needed/,
  ],
  [
    'V12.3.1 PostgreSQL',
    'over a socket',
    goodFacts({ DATABASE_URL: 'postgresql:///x?host=/run/postgresql' }),
    'pass',
    /not needed/,
  ],
  [
    'V12.3.1 PostgreSQL',
    'embedded',
    goodFacts({}, { filled: new Set(['DATABASE_URL']) }),
    'not applicable',
    /embedded/,
  ],
  [
    'V12.3.1 Redis',
    'it says no',
    goodFacts({ REDIS_URL: 'redis://:p@redis.acme-works.io' }),
    'fail',
    /in the clear/,
  ],
  [
    'V12.3.1 Redis',
    'Sentinel knows none',
    goodFacts({ REDIS_URL: 'sentinel://:p@a.acme-works.io/main' }),
    'fail',
    /in the clear/,
  ],
  [
    'V12.3.1 Redis',
    'in-process stores',
    goodFacts({ REDIS_URL: undefined }),
    'not applicable',
    /in the process/,
  ],
  [
    'V12.3.1 SMTP',
    'STARTTLS can be hidden',
    goodFacts({ SMTP_URL: 'smtp://smtp.acme-works.io' }),
    'fail',
    /hide that/,
  ],
  [
    'V12.3.1 SMTP',
    'STARTTLS is required',
    goodFacts({ SMTP_URL: 'smtp://smtp.acme-works.io?requireTLS=true' }),
    'pass',
    /TLS/,
  ],
  ['V12.3.2', 'for the whole process', goodFacts({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }), 'fail', /NODE_TLS/],
  [
    'V12.3.2',
    'for PostgreSQL',
    goodFacts({ DATABASE_URL: 'postgresql://u:p@db.acme-works.io/x?sslmode=no-verify' }),
    'fail',
    /DATABASE_URL/,
  ],
  [
    'V12.3.2',
    'by libpq’s meaning',
    goodFacts({ DATABASE_URL: 'postgresql://u:p@db.acme-works.io/x?uselibpqcompat=true&sslmode=require' }),
    'fail',
    /DATABASE_URL/,
  ],
  ['V13.2.1', 'Redis asks nobody', goodFacts({ REDIS_URL: 'rediss://redis.acme-works.io' }), 'fail', /Redis/],
  ['V13.2.1', 'a relay beyond', goodFacts({ SMTP_URL: 'smtps://smtp.acme-works.io' }), 'warn', /SMTP/],
  [
    'V13.2.3',
    'a well-known one',
    goodFacts({ DATABASE_URL: 'postgresql://app:postgres@db.acme-works.io/x' }),
    'fail',
    /well-known/,
  ],
  [
    'V13.2.3',
    'the name of the user',
    goodFacts({ DATABASE_URL: 'postgresql://gatekeeper1:gatekeeper1@db.acme-works.io/x' }),
    'fail',
    /name/,
  ],
  [
    'V13.2.3',
    'a short one',
    goodFacts({ REDIS_URL: 'rediss://:Vq7mXw@redis.acme-works.io' }),
    'warn',
    /6 characters/,
  ],
  // passwords
  ['V6.2.1', 'the advised 15 are not asked for', goodFacts({ PASSWORD_MIN_LENGTH: '12' }), 'warn', /15/],
  ['V11.4.2 slow enough', 'cost below 10', goodFacts({ BCRYPT_COST: '9' }), 'fail', /cost 9/],
  ['V11.4.2 slow enough', 'too fast here', goodFacts({}, { hashMs: 31 }), 'warn', /31 ms.*raise/],
  ['V11.4.2 slow enough', 'too slow here', goodFacts({}, { hashMs: 2_400 }), 'warn', /lower/],
  [
    'V11.4.2 Stored',
    'some are older',
    goodFacts({}, { storedHashes: seen({ all: 9, older: 4, unusable: 0 }) }),
    'warn',
    /4 of 9/,
  ],
  [
    'TG-3',
    'a pepper was lost',
    goodFacts({}, { storedHashes: seen({ all: 9, older: 4, unusable: 2 }) }),
    'fail',
    /2 of 9/,
  ],
  // sessions
  [
    'V7.3.1',
    'half a year',
    goodFacts({ REFRESH_TOKEN_TTL: '15552000', SESSION_MAX_AGE: '15552000' }),
    'fail',
    /180 days/,
  ],
  ['V7.3.2', '60 days', goodFacts({ SESSION_MAX_AGE: '5184000' }), 'warn', /60 days/],
  ['TG-4', 'a day', goodFacts({ ACCESS_TOKEN_TTL: '86400' }), 'warn', /1 day/],
  ['TG-4', 'seconds', goodFacts({ ACCESS_TOKEN_TTL: '5' }), 'warn', /5 s/],
  // limits
  ['V6.3.1', 'a guess a second', goodFacts({ RATE_LIMIT_LOGIN_ACCOUNT_ALL: '50/1' }), 'fail', /86450 a day/],
  [
    'V6.3.1',
    'twice the advised',
    goodFacts({ RATE_LIMIT_LOGIN_ACCOUNT_ALL: '200/0.0005' }),
    'warn',
    /243 a day/,
  ],
  ['V6.6.3', 'hundreds a second', goodFacts({ RATE_LIMIT_OTP_VERIFY: '1000/300' }), 'fail', /OTP_VERIFY/],
  [
    'V2.4.1',
    'over 100 times the default',
    goodFacts({ RATE_LIMIT_REGISTER: '10000/100' }),
    'fail',
    /REGISTER/,
  ],
  ['V2.4.1', 'over 10 times', goodFacts({ RATE_LIMIT_GLOBAL: '5000/800' }), 'warn', /GLOBAL/],
  ['V2.4.1', 'next to nothing', goodFacts({ RATE_LIMIT_LOGIN: '1/0.001' }), 'warn', /honest/],
  // proxy
  ['V15.3.4', 'the proxy is not known', goodFacts({ TRUST_PROXY: 'false' }), 'fail', /share one address/],
  ['V4.1.3 Only proxies', 'many hops', goodFacts({ TRUST_PROXY: '9' }), 'warn', /9 hops/],
  [
    'V4.1.3 Only proxies',
    'a wide private network',
    goodFacts({ TRUST_PROXY: '10.0.0.0/8' }),
    'warn',
    /10\.0\.0\.0\/8/,
  ],
  [
    'V4.1.3 Only proxies',
    'half the internet',
    goodFacts({ TRUST_PROXY: '128.0.0.0/2' }),
    'fail',
    /strangers/,
  ],
  ['V4.1.3 Only proxies', 'half of IPv6', goodFacts({ TRUST_PROXY: '2000::/3' }), 'fail', /strangers/],
  [
    'V4.1.3 Only proxies',
    'one proxy',
    goodFacts({ TRUST_PROXY: '10.1.2.3,192.0.2.0/28' }),
    'pass',
    /10\.1\.2\.3/,
  ],
  [
    'V4.1.3 claims',
    'a full bucket from another claimed address',
    instance({
      guestElsewhere: goodInstance().answers.guest,
      guestAgain: goodInstance().answers.guestElsewhere,
    }),
    'fail',
    /escapes/,
  ],
  [
    'V4.1.3 claims',
    'asked in the place of the proxy',
    instance({}, { origin: 'http://127.0.0.1:3000' }),
    'not checked',
    /--url/,
  ],
  [
    'V4.1.3 claims',
    'nothing is shown',
    header(['guest'], 'ratelimit', undefined),
    'not checked',
    /does not show/,
  ],
  ['TG-5', 'hops, and open to all', goodFacts({ HOST: '0.0.0.0' }), 'warn', /past the proxy/],
  [
    'TG-5',
    'development, open to all',
    goodFacts({ HOST: '0.0.0.0' }, { production: false }),
    'fail',
    /development/,
  ],
  // PostgreSQL
  [
    'TG-7',
    'it is away',
    goodFacts({}, { database: unseen('nothing listens there') }),
    'fail',
    /nothing listens/,
  ],
  ['TG-7', 'it is old', database({ majorVersion: 14 }), 'fail', /14/],
  ['TG-7', 'it is untried', database({ majorVersion: 19 }), 'warn', /19/],
  ['V13.2.2', 'a superuser', database({ powers: ['SUPERUSER'] }), 'fail', /SUPERUSER/],
  ['TG-8', 'half done', migrations({ failed: ['2_x'] }), 'fail', /half done: 2_x/],
  ['TG-8', 'changed', migrations({ edited: ['1_x'] }), 'fail', /changed.*1_x/],
  ['TG-8', 'another line', migrations({ unknown: ['2_y'], pending: ['2_x'] }), 'fail', /another line/],
  ['TG-8', 'behind', migrations({ pending: ['2_x'] }), 'warn', /next start applies 2_x/],
  ['TG-8', 'ahead', migrations({ unknown: ['2_y'] }), 'warn', /newer/],
  ['TG-9', 'fsync is off', database({ undurable: ['fsync'] }), 'fail', /fsync/],
  ['V16.2.2 PostgreSQL', 'nine seconds late', database({ clock: CLOCK_WRONG }), 'fail', /-9000 ms/],
  [
    'V16.2.2 PostgreSQL',
    'far, and doubtful',
    database({ clock: { aheadMs: 2_500, uncertaintyMs: 600 } }),
    'warn',
    /2500 ms/,
  ],
  // accounts
  ['V6.3.2', 'the sample is there', accounts({ sampleAdmins: 1 }), 'fail', /localhost\.test/],
  [
    'V6.4.1',
    'the password is left',
    accounts({}, { ADMIN_EMAIL: 'ops@acme-works.io', ADMIN_PASSWORD: 'Vq7mXw2LtR9z' }),
    'warn',
    /ADMIN_PASSWORD/,
  ],
  [
    'V6.4.1',
    'it waits',
    accounts({ activeAdmins: 0 }, { ADMIN_EMAIL: 'ops@acme-works.io', ADMIN_PASSWORD: 'Vq7mXw2LtR9z' }),
    'pass',
    /waits/,
  ],
  ['TG-6', 'there is none', accounts({ activeAdmins: 0 }), 'fail', /none/],
  ['TG-6', 'there are no tables', database({ accounts: undefined }), 'not checked', /first start/],
  // Redis
  [
    'TG-10',
    'it is away',
    goodFacts({}, { redis: unseen('nothing listens there') }),
    'fail',
    /nothing listens/,
  ],
  ['TG-11', 'it forgets', redis({ evictionPolicy: 'volatile-lru' }), 'fail', /volatile-lru/],
  ['TG-11', 'it would forget', redis({ evictionPolicy: 'allkeys-lru', maxMemory: 0 }), 'warn', /no bound/],
  ['TG-11', 'it does not say', redis(undefined), 'not checked', /INFO/],
  ['TG-12', 'it keeps nothing', redis({ aof: false }), 'warn', /nothing/],
  ['TG-12', 'its disk is full', redis({ lastWriteOk: false }), 'fail', /disk/],
  ['V16.2.2 Redis', 'nine seconds late', redis({}, { clock: CLOCK_WRONG }), 'fail', /-9000 ms/],
  ['TG-10', 'none is set', goodFacts({ REDIS_URL: undefined }), 'not applicable', /in the process/],
  ['TG-10', 'it is too old', redis({ version: '5.0.14' }), 'fail', /5.0.14: .*6.0/],
  ['TG-10', 'it is old enough', redis({ version: '10.0.1' }), 'pass', /10.0.1/],
  // mail
  ['TG-13', 'it refuses us', goodFacts({}, { smtp: unseen('EAUTH 535') }), 'fail', /EAUTH/],
  // origins
  [
    'V3.4.2 trusted',
    'a page over http',
    goodFacts({ CORS_ORIGINS: 'http://app.acme-works.io' }),
    'fail',
    /http/,
  ],
  [
    'V3.4.2 trusted',
    'a pattern',
    goodFacts({ CORS_ORIGINS: 'https://*.acme-works.io' }),
    'fail',
    /literally/,
  ],
  [
    'V3.4.2 trusted',
    'a developer’s machine',
    goodFacts({ CORS_ORIGINS: 'http://localhost:5173' }),
    'fail',
    /own machine/,
  ],
  [
    'V3.4.2 foreign',
    'it is reflected',
    header(['foreignOrigin'], 'access-control-allow-origin', 'https://doctor.invalid'),
    'fail',
    /foreign origin/,
  ],
  [
    'V3.4.2 foreign',
    'null is let in',
    header(['nullOrigin'], 'access-control-allow-origin', 'null'),
    'fail',
    /null/,
  ],
  ['V3.5.2', 'text/plain is taken', answered('plainTextLogin', { status: 401 }), 'fail', /401/],
  [
    'V3.5.8',
    'it can be embedded',
    header(['anonymous'], 'cross-origin-resource-policy', undefined),
    'warn',
    /no Cross-Origin/,
  ],
  // answers
  [
    'TG-14',
    'none, and nobody asked',
    goodFacts({}, { instance: unseen('nothing listens there') }),
    'not checked',
    /nothing/,
  ],
  [
    'TG-14',
    'none, though named',
    goodFacts({}, { instance: unseen('nothing listens there'), instanceAskedFor: true }),
    'fail',
    /nothing/,
  ],
  [
    'V16.5.1',
    'a stack',
    answered('unknownPath', { body: 'Error: x\n    at f (/app/src/a.js:1:2)' }),
    'fail',
    /inside/,
  ],
  [
    'V16.5.1',
    'the parser speaks',
    answered('malformedJson', { body: '{"detail":"Unexpected token } in JSON at position 3"}' }),
    'fail',
    /malformed/,
  ],
  [
    'V16.5.1',
    'a page of Express',
    answered('unknownPath', { headers: { 'content-type': 'text/html' } }),
    'fail',
    /problem/,
  ],
  ['V16.5.1', 'limited', answered('unknownPath', { status: 429 }), 'not checked', /429/],
  ['V4.1.1', 'a page without its encoding', header(['page'], 'content-type', 'text/html'), 'fail', /page/],
  ['TG-15', 'no challenge', header(['anonymous'], 'www-authenticate', undefined), 'fail', /no challenge/],
  ['V4.1.4', 'DELETE works', answered('wrongMethod', { status: 200 }), 'fail', /DELETE: 200/],
  [
    'V13.4.4',
    'TRACE echoes',
    answered('trace', { status: 200, body: 'X-Mark: tollgate-doctor-trace' }),
    'fail',
    /echoed/,
  ],
  ['V13.4.5', 'metrics are open', answered('metrics', { status: 200 }), 'fail', /200, not 401/],
  [
    'TG-16',
    'a private part',
    goodFacts(
      { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: EC },
      { instance: seen(goodInstance({ jwks: published([{ ...jwks(EC)[0], d: 'x' }]) })) },
    ),
    'fail',
    /private part/,
  ],
  [
    'TG-16',
    'other keys',
    goodFacts(
      { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: EC },
      { instance: seen(goodInstance({ jwks: published(jwks(ec())) })) },
    ),
    'fail',
    /lacking/,
  ],
  [
    'TG-16',
    'one too many',
    goodFacts(
      { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: EC },
      { instance: seen(goodInstance({ jwks: published(jwks(EC, ec())) })) },
    ),
    'fail',
    /do not have/,
  ],
  [
    'TG-16',
    'those that sign',
    goodFacts(
      { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: EC },
      { instance: seen(goodInstance({ jwks: published(jwks(EC)) })) },
    ),
    'pass',
    /1/,
  ],
  ['TG-16', 'no JSON', answered('jwks', { body: '<html>' }), 'fail', /no JSON/],
  // headers
  ['V3.4.1', 'an hour', header(['docs'], 'strict-transport-security', 'max-age=3600'), 'fail', /docs/],
  [
    'V3.4.1',
    'no subdomains',
    header(['docs'], 'strict-transport-security', 'max-age=31536000'),
    'warn',
    /includeSubDomains/,
  ],
  ['V3.4.1', 'http', instance({}, { origin: 'http://127.0.0.1:3000' }), 'not applicable', /http/],
  ['V3.4.3', 'none', header(['page'], 'content-security-policy', undefined), 'fail', /object-src/],
  [
    'V3.4.3',
    'inline scripts',
    header(
      ['page'],
      'content-security-policy',
      "default-src 'none'; base-uri 'none'; script-src 'self' 'unsafe-inline'",
    ),
    'fail',
    /scripts/,
  ],
  [
    'V3.4.3',
    'no base-uri',
    header(['page'], 'content-security-policy', "default-src 'none'"),
    'fail',
    /base-uri/,
  ],
  ['V3.4.4', 'sniffed', header(['unknownPath'], 'x-content-type-options', undefined), 'fail', /unknownPath/],
  ['V3.4.5', 'all is told', header(['page'], 'referrer-policy', 'unsafe-url'), 'fail', /page/],
  [
    'V3.4.6',
    'framed',
    header(['page'], 'content-security-policy', "default-src 'none'; base-uri 'none'"),
    'fail',
    /page/,
  ],
  ['V3.4.8', 'shared', header(['page'], 'cross-origin-opener-policy', 'unsafe-none'), 'fail', /page/],
  ['V14.3.2', 'kept', header(['badToken'], 'cache-control', 'max-age=60'), 'fail', /badToken/],
  ['V13.4.6', 'X-Powered-By', header(['docs'], 'x-powered-by', 'Express'), 'fail', /X-Powered-By/],
  ['V13.4.6', 'a version', header(['docs'], 'server', 'nginx/1.22.1'), 'fail', /Server/],
  // cookies
  ['V3.3.1', 'in the clear', cookie('__Host-refresh=; Path=/; HttpOnly; SameSite=Strict'), 'fail', /Secure/],
  [
    'V3.3.1',
    'no cookie',
    header(['cookieLogout'], 'set-cookie', undefined),
    'not checked',
    /no answer sets a cookie/,
  ],
  ['V3.3.1', 'development', goodFacts({ BASE_URL: 'http://localhost:3000' }), 'not applicable', /http/],
  [
    'V3.3.2',
    'sent from elsewhere',
    cookie('__Host-refresh=; Path=/; HttpOnly; Secure; SameSite=Lax'),
    'fail',
    /Strict/,
  ],
  ['V3.3.3', 'no prefix', cookie('refresh=; Path=/; HttpOnly; Secure; SameSite=Strict'), 'fail', /prefix/],
  [
    'V3.3.3',
    'a Domain',
    cookie('__Host-refresh=; Path=/; Domain=acme-works.io; HttpOnly; Secure; SameSite=Strict'),
    'fail',
    /prefix asks for/,
  ],
  [
    'V3.3.3',
    'another Path',
    cookie('__Host-refresh=; Path=/api; HttpOnly; Secure; SameSite=Strict'),
    'fail',
    /prefix asks for/,
  ],
  [
    'V3.3.4',
    'scripts read it',
    cookie('__Host-refresh=; Path=/; Secure; SameSite=Strict'),
    'fail',
    /HttpOnly/,
  ],
  [
    'V3.3.5',
    'too large',
    cookie(`__Host-refresh=${'x'.repeat(4_100)}; Path=/; HttpOnly; Secure; SameSite=Strict`),
    'fail',
    /bytes/,
  ],
  // TLS
  ['V12.1.1', 'old ones too', instance({}, { oldTls: true }), 'fail', /1\.0 or 1\.1/],
  ['V12.1.1', 'it did not say', instance({}, { oldTls: undefined }), 'not checked', /did not say/],
  ['V12.1.1', 'an old one', certificate({ protocol: 'TLSv1.1' }), 'fail', /TLSv1\.1/],
  ['V12.2.2', 'expired', certificate({ validUntil: Date.UTC(2026, 9, 31) }), 'fail', /expired/],
  ['V12.2.2', 'nobody vouches', certificate({ trusted: false }), 'fail', /vouches/],
  ['V12.2.2', 'soon', certificate({ validUntil: Date.UTC(2026, 10, 8) }), 'warn', /7 days/],
  ['V12.2.2', 'http', instance({}, { certificate: undefined }), 'not applicable', /http/],
];

function published(keys: readonly object[]) {
  const good = goodInstance().answers.jwks;
  return good && { ...good, body: JSON.stringify({ keys }) };
}

function theCheck(name: string) {
  const [id = '', ...words] = name.split(' ');
  const found = CHECKS.filter((check) => check.id === id && check.title.includes(words.join(' ')));
  const [check] = found;
  if (check === undefined || found.length > 1) throw new Error(`${name} names ${found.length} checks`);
  return check;
}

describe('the checks', () => {
  it.each(CASES)('%s: %s', (name, _, facts, verdict, evidence) => {
    const [result] = runChecks([theCheck(name)], facts);
    expect(result).toMatchObject({ verdict, evidence: expect.stringMatching(evidence) });
  });

  it('find nothing wrong with a good instance', () => {
    const files = {
      SECRET_KEYS_FILE: 'x',
      JWT_SECRET_FILE: 'x',
      PASSWORD_PEPPER_FILE: 'x',
      METRICS_TOKEN_FILE: 'x',
      DATABASE_URL_FILE: 'x',
      REDIS_URL_FILE: 'x',
      SMTP_URL_FILE: 'x',
    };
    const facts = goodFacts();
    const results = runChecks(CHECKS, { ...facts, environment: { ...facts.environment, ...files } });
    expect(results.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
  });

  it('are each shown to find something', () => {
    const shown = new Set(
      CASES.filter(([, , , verdict]) => verdict === 'fail' || verdict === 'warn').map(([name]) =>
        theCheck(name),
      ),
    );
    expect(CHECKS.filter((check) => !shown.has(check)).map(({ id, title }) => `${id} ${title}`)).toEqual([]);
  });

  it('bear real ids of ASVS 5.0.0 with their level, or ids of our own without one', () => {
    for (const { id, level } of CHECKS) {
      if (level === null) expect(id).toMatch(/^TG-\d+$/);
      else expect(LEVELS[level].split(' ')).toContain(id);
    }
    const own = CHECKS.map(({ id }) => id).filter((id) => id.startsWith('TG-'));
    expect(new Set(own).size).toBe(own.length);
  });
});

describe('a verdict', () => {
  it('is a warning in development where only production forbids, and a failure where every instance must', () => {
    const facts = database({ powers: ['SUPERUSER'], clock: CLOCK_WRONG });
    const verdicts = (production: boolean) =>
      runChecks([theCheck('V13.2.2'), theCheck('V16.2.2 PostgreSQL')], { ...facts, production }).map(
        ({ verdict }) => verdict,
      );
    expect(verdicts(true)).toEqual(['fail', 'fail']);
    expect(verdicts(false)).toEqual(['warn', 'fail']);
  });

  it('is a failure where the check breaks, and does not repeat what broke it', () => {
    const broken = {
      ...theCheck('TG-6'),
      run: () => {
        throw new TypeError('Vq7mXw2LtR9zKd4p');
      },
    };
    expect(runChecks([broken], goodFacts())).toMatchObject([
      { verdict: 'fail', evidence: 'the check itself broke (TypeError)' },
    ]);
  });

  it('does not let a server move the cursor of whoever reads it', () => {
    const [result] = runChecks([theCheck('V3.3.4')], cookie('a\u009b2J\u001b[31m\u202eb=1; Path=/'));
    expect(result?.evidence).toBe('a?2J?[31m?b: not HttpOnly');
  });
});
