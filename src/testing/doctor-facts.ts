import { loadConfig } from '../config';
import type { Facts } from '../doctor/facts';
import { seen } from '../doctor/facts';
import type { HttpAnswer } from '../doctor/instance/http-call';
import type { CallName, InstanceFacts } from '../doctor/instance/instance-facts';

/** A production environment that nothing is wrong with. */
export const GOOD_ENVIRONMENT = {
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  BASE_URL: 'https://api.acme-works.io',
  DATABASE_URL: 'postgresql://gatekeeper:Vq7mXw2LtR9zKd4p@db.acme-works.io/gate?sslmode=verify-full',
  REDIS_URL: 'rediss://:Hn3bYc8JfS6vGe1u@redis.acme-works.io',
  SMTP_URL: 'smtps://gate:Wk5rPz9NqT2xMb7s@smtp.acme-works.io',
  MAIL_FROM: 'Acme <no-reply@acme-works.io>',
  JWT_SECRET: 'rVt2yQmXw7LzKd4pNs9bHc3JfG6vEu1aSg',
  SECRET_KEYS: 'Yc8JfS6vGe1uHn3bVq7mXw2LtR9zKd4pZo',
  PASSWORD_PEPPER: 'Mb7sWk5rPz9NqT2xJfG6vEu1aVt2yQmXw7',
  METRICS_TOKEN: 'Tq4wLz8XnB6vRy2m',
  PASSWORD_MIN_LENGTH: '15',
  TRUST_PROXY: '1',
  CORS_ORIGINS: 'https://app.acme-works.io',
} satisfies NodeJS.ProcessEnv;

/** What the doctor sees of a good instance, with other settings (undefined: none) or other facts where given. */
export function goodFacts(settings: NodeJS.ProcessEnv = {}, facts: Partial<Facts> = {}): Facts {
  const environment: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries({ ...GOOD_ENVIRONMENT, ...settings }).filter(([, value]) => value !== undefined),
  );
  const production = environment['NODE_ENV'] === 'production';
  const clock = { aheadMs: 12, uncertaintyMs: 2 };
  return {
    // As development, which lets in what production would refuse, and what is to be judged.
    config: { ...loadConfig({ ...environment, NODE_ENV: 'development' }), production },
    production: true,
    environment,
    filled: new Set(),
    secretFiles: [{ name: '.env', mode: 0o600 }],
    hashMs: 250,
    database: seen({
      majorVersion: 18,
      encrypted: true,
      powers: [],
      undurable: [],
      clock,
      accounts: { activeAdmins: 1, sampleAdmins: 0, hashes: [] },
    }),
    storedHashes: seen({ all: 40, older: 0, unusable: 0 }),
    migrations: seen({ pending: [], unknown: [], failed: [], edited: [] }),
    redis: seen([
      {
        own: {
          version: '8.0.0',
          maxMemory: 2 ** 28,
          evictionPolicy: 'noeviction',
          aof: true,
          lastWriteOk: true,
        },
        snapshots: false,
        clock,
      },
    ]),
    smtp: seen({ encrypted: true }),
    instance: seen(goodInstance()),
    instanceAskedFor: false,
    now: Date.UTC(2026, 10, 1),
    ...facts,
  };
}

/** Headers that every answer of a good instance has. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

const answer = (
  status: number,
  type: string,
  body = '',
  headers: HttpAnswer['headers'] = {},
): HttpAnswer => ({
  status,
  headers: { ...HEADERS, 'content-type': type, ...headers },
  body,
  certificate: undefined,
});
const problem = (status: number, headers: HttpAnswer['headers'] = {}): HttpAnswer =>
  answer(status, 'application/problem+json', `{"status":${status}}`, headers);

/** What a good instance answers, with other answers where given (undefined: none came in time). */
export function goodInstance(
  answers: Partial<Record<CallName, HttpAnswer | undefined>> = {},
  more: Partial<InstanceFacts> = {},
): InstanceFacts {
  const html = answer(200, 'text/html; charset=utf-8');
  const guest = (left: number) =>
    answer(201, 'application/json', '{}', { ratelimit: `"global";r=299;t=1, "guest";r=${left};t=10` });
  const challenge = { 'www-authenticate': 'Bearer' };
  return {
    origin: 'https://api.acme-works.io',
    certificate: { protocol: 'TLSv1.3', trusted: true, validUntil: Date.UTC(2026, 11, 24) },
    oldTls: false,
    ...more,
    answers: {
      unknownPath: problem(404),
      unknownRootPath: problem(404),
      anonymous: problem(401, challenge),
      badToken: problem(401, { 'www-authenticate': 'Bearer error="invalid_token"' }),
      foreignOrigin: problem(401, challenge),
      nullOrigin: problem(401, challenge),
      foreignPreflight: problem(405),
      trace: problem(405),
      wrongMethod: problem(405),
      unknownMethod: problem(405),
      malformedJson: problem(400),
      plainTextLogin: problem(415),
      metrics: problem(401, challenge),
      page: html,
      docs: html,
      jwks: answer(200, 'application/json; charset=utf-8', '{"keys":[]}'),
      cookieLogout: answer(204, '', '', {
        'set-cookie': ['__Host-refresh=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict'],
      }),
      cookieRefresh: problem(401, challenge),
      guest: guest(9),
      guestElsewhere: guest(8),
      guestAgain: guest(7),
      ...answers,
    },
  };
}

/** The same with a header changed (undefined: absent) on some answers. */
export function withHeader(
  names: readonly CallName[],
  header: string,
  value: string | string[] | undefined,
): InstanceFacts {
  const good = goodInstance();
  const changed = names.map((name) => {
    const { [header]: _, ...headers } = good.answers[name]?.headers ?? {};
    return [
      name,
      { ...good.answers[name], headers: { ...headers, ...(value !== undefined && { [header]: value }) } },
    ];
  });
  return { ...good, answers: { ...good.answers, ...Object.fromEntries(changed) } };
}
