import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { email } from './http/schemas';
import { POLICIES, POLICY_NAMES, parseRate, type Rate, settingOf } from './limits/policies';
import { parseSender } from './mail/sender';
import { parseSmtpUrl } from './mail/smtp-url';
import { parseRedisUrl } from './stores/redis/parse-redis-url';

/** Settings that are secrets: each may also come as `NAME_FILE`, the path of a file that holds it. */
export const SECRET_SETTINGS = [
  'DATABASE_URL',
  'REDIS_URL',
  'SMTP_URL',
  'JWT_SECRET',
  'JWT_PRIVATE_KEYS',
  'SECRET_KEYS',
  'PASSWORD_PEPPER',
  'ADMIN_PASSWORD',
  'METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;

const seconds = (fallback: number, most: number) =>
  z.coerce.number().int().min(1).max(most).default(fallback);
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);
const list = (value: string) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
const commaList = z.string().default('').transform(list);

/** A list of secrets: one too short to be one is a fault anywhere. */
const secretList = commaList.refine((secrets) => secrets.every((secret) => secret.length >= 32), {
  message: 'each needs at least 32 characters',
});

const origin = (value: string) => URL.canParse(value) && new URL(value).origin === value;

/** A text that this reader understands; what it throws says what is wrong without repeating the text. */
const readableBy = (read: (value: string) => unknown) =>
  z.string().superRefine((value, context) => {
    try {
      read(value);
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: error instanceof Error ? error.message : 'cannot be read',
      });
    }
  });

/** One limit's setting: `capacity/refill per second`. */
const rate = z.string().transform((value, context): Rate => {
  const parsed = parseRate(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: 'must be capacity/refill per second, such as 10/0.5' });
  return z.NEVER;
});

export const rateSettings = z.object(
  Object.fromEntries(POLICY_NAMES.map((policy) => [settingOf(policy), rate.prefault(POLICIES[policy].rate)])),
);

/** An address, or a CIDR of one bit or more: Node's and Express' older spellings (`10`, `0x7f.1`) are nothing that one means. */
function isProxy(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) return false;
  return bits === undefined || (more.length === 0 && ipaddr.isValidCIDR(value) && Number(bits) > 0);
}

/** Express' `trust proxy`: hops, or CIDRs and addresses of the proxies. Trusting everybody is refused. */
function trustProxy(value: string, context: z.RefinementCtx): false | number | string[] {
  if (value === 'false') return false;
  if (/^[1-9]\d?$/.test(value)) return Number(value);
  const proxies = list(value);
  if (proxies.length > 0 && proxies.every(isProxy)) return proxies;
  context.addIssue({
    code: 'custom',
    message:
      'must be false, 1 to 99 hops or a list of addresses or CIDRs; true or /0 would let any client choose its address',
  });
  return z.NEVER;
}

/** Throws an error that does not repeat the URL. */
function readDatabaseUrl(value: string): void {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value))
    throw new Error('must be a postgresql:// URL');
  const { hostname, pathname, searchParams, username, password } = new URL(value);
  if (hostname === '' && !searchParams.has('host')) throw new Error('must name a host');
  if (pathname.length < 2) throw new Error('must name a database, as in postgresql://host/database');
  try {
    decodeURIComponent(username + password + pathname);
  } catch {
    throw new Error('must have its user and password percent-encoded');
  }
}

/** Throws an error that does not repeat the URL. */
function readCollectorUrl(value: string): void {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) throw new Error('must be an http or https URL');
  const { username, password, search, hash } = new URL(value);
  if (username + password !== '') throw new Error('must hold no credentials: see OTEL_EXPORTER_OTLP_HEADERS');
  if (search + hash !== '') throw new Error('must end with its path');
}

/** Private keys one after the other, line breaks perhaps as `\n`. */
function privateKeys(value: string, context: z.RefinementCtx): string[] {
  const text = value.replaceAll('\\n', '\n');
  const pem = /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g;
  if (text.replace(pem, '').trim() !== '') {
    context.addIssue({
      code: 'custom',
      message: 'holds something beside unencrypted private keys in PEM form',
    });
  }
  return text.match(pem) ?? [];
}

/** `name=value,…`, values percent-encoded, as OpenTelemetry has it. */
function headers(value: string, context: z.RefinementCtx): Readonly<Record<string, string>> {
  const pairs = list(value).map((pair) => /^([\w!#$%&'*+.^`|~-]+)\s*=\s*([!-~]+)$/.exec(pair));
  try {
    return Object.fromEntries(
      pairs.map((pair) => {
        const [, name, encoded] = pair ?? [];
        const text = decodeURIComponent(String(encoded));
        if (name === undefined || !/^[ -~]*$/.test(text)) throw new URIError();
        return [name, text];
      }),
    );
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a list of name=value, values percent-encoded' });
    return z.NEVER;
  }
}

/** Every setting but the limits', with its default. */
export const settings = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: port(3000),
  HOST: z.string().optional(),
  BASE_URL: z
    .string()
    .refine(
      (value) => /^https?:\/\//.test(value) && origin(value),
      'must be an http or https origin, without a path or slash at the end',
    )
    .optional(),
  JWT_AUDIENCE: z.string().min(1).optional(),
  DATABASE_URL: readableBy(readDatabaseUrl),
  REDIS_URL: readableBy(parseRedisUrl).optional(),
  SMTP_URL: readableBy(parseSmtpUrl),
  MAIL_FROM: readableBy(parseSender).default('Tollgate <no-reply@localhost.test>'),
  INBOX_PORT: port(8025),
  JWT_ALG: z.enum(['HS256', 'RS256', 'ES256']).default('HS256'),
  JWT_SECRET: secretList,
  JWT_PRIVATE_KEYS: z.string().default('').transform(privateKeys),
  SECRET_KEYS: secretList.refine((keys) => keys.length > 0, 'at least one is needed'),
  PASSWORD_PEPPER: secretList.refine((keys) => keys.length > 0, 'at least one is needed'),
  ACCESS_TOKEN_TTL: seconds(900, 86_400),
  REFRESH_TOKEN_TTL: seconds(604_800, 31_536_000),
  SESSION_MAX_AGE: seconds(2_592_000, 31_536_000),
  PASSWORD_MIN_LENGTH: z.coerce.number().int().min(8).max(64).default(12),
  BCRYPT_COST: z.coerce.number().int().min(4).max(15).default(12),
  AUDIT_RETENTION_DAYS: z.coerce.number().int().min(0).max(36_500).default(0),
  ADMIN_EMAIL: email.optional(),
  ADMIN_PASSWORD: z.string().optional(),
  TRUST_PROXY: z.string().default('false').transform(trustProxy),
  CORS_ORIGINS: commaList.refine(
    (origins) => origins.every(origin),
    'each must be an origin, such as https://app.example.com',
  ),
  WEB_CONCURRENCY: z.coerce.number().int().min(1).max(256).default(1),
  METRICS_TOKEN: z.string().min(1).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: readableBy(readCollectorUrl).optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().default('').transform(headers),
  OTEL_SERVICE_NAME: z.string().min(1).default('tollgate'),
  OTEL_TRACES_SAMPLER: z
    .enum([
      ...(['always_on', 'always_off', 'traceidratio'] as const),
      ...(['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const),
    ])
    .default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});
