import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { CannotStart } from './cannot-start';
import { POLICY_NAMES, type PolicyName, type Rate, settingOf } from './limits/policies';
import { productionFaults } from './production-rules';
import { rateSettings, SECRET_SETTINGS, settings } from './settings';
import { SigningKeys, type SigningKeysOptions } from './tokens/signing-keys';

/** The settings, read once. Every fault of the environment is in `faults`, by the setting's name. */
export class ConfigError extends CannotStart {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(['The settings have faults:', ...faults.map((fault) => `  - ${fault}`)].join('\n'));
  }
}

export type Config = ReturnType<typeof loadConfig>;

/**
 * Reads the settings from an environment. Throws `ConfigError` with every fault at once; a fault names its setting and
 * never shows its value.
 */
export function loadConfig(environment: NodeJS.ProcessEnv) {
  const { env, faults } = readSecretFiles(environment);
  const parsed = settings.safeParse(env);
  const rates = rateSettings.safeParse(env);
  for (const issue of [...(parsed.error?.issues ?? []), ...(rates.error?.issues ?? [])]) {
    faults.set(String(issue.path[0]), messageOf(issue));
  }
  const more = [
    ...(env['NODE_ENV'] === 'production' ? productionFaults(env) : []),
    ...(parsed.success ? contradictions(parsed.data) : []),
  ];
  for (const [name, fault] of more) faults.set(name, faults.get(name) ?? fault);
  if (!parsed.success || !rates.success || faults.size > 0) {
    throw new ConfigError([...faults].map(([name, fault]) => `${name}: ${fault}`));
  }
  const values = parsed.data;
  const baseUrl = values.BASE_URL ?? `http://localhost:${values.PORT}`;
  return Object.freeze({
    production: values.NODE_ENV === 'production',
    port: values.PORT,
    host: values.HOST ?? (values.NODE_ENV === 'production' ? '0.0.0.0' : '127.0.0.1'),
    baseUrl,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
    signing: signingOf(values),
    jwtAudience: values.JWT_AUDIENCE ?? baseUrl,
    secretKeys: values.SECRET_KEYS,
    passwordPeppers: values.PASSWORD_PEPPER,
    accessTokenTtl: values.ACCESS_TOKEN_TTL,
    refreshTokenTtl: values.REFRESH_TOKEN_TTL,
    sessionMaxAge: values.SESSION_MAX_AGE,
    passwordMinLength: values.PASSWORD_MIN_LENGTH,
    bcryptCost: values.BCRYPT_COST,
    auditRetentionDays: values.AUDIT_RETENTION_DAYS,
    admin:
      values.ADMIN_EMAIL !== undefined && values.ADMIN_PASSWORD !== undefined
        ? { email: values.ADMIN_EMAIL, password: values.ADMIN_PASSWORD }
        : undefined,
    trustProxy: values.TRUST_PROXY,
    corsOrigins: values.CORS_ORIGINS,
    rates: Object.fromEntries(
      POLICY_NAMES.map((policy) => [policy, rates.data[settingOf(policy)]]),
    ) as Record<PolicyName, Rate>,
    workers: values.WEB_CONCURRENCY,
    metricsToken: values.METRICS_TOKEN,
    tracing:
      values.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? undefined
        : {
            endpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
            headers: values.OTEL_EXPORTER_OTLP_HEADERS,
            serviceName: values.OTEL_SERVICE_NAME,
            sampler: values.OTEL_TRACES_SAMPLER,
            ratio: values.OTEL_TRACES_SAMPLER_ARG,
          },
    logLevel: values.LOG_LEVEL,
  });
}

function signingOf(values: z.output<typeof settings>): SigningKeysOptions {
  return values.JWT_ALG === 'HS256'
    ? { alg: values.JWT_ALG, secrets: values.JWT_SECRET }
    : { alg: values.JWT_ALG, privateKeys: values.JWT_PRIVATE_KEYS };
}

/** Settings that are right each alone, and wrong together. */
function* contradictions(values: z.output<typeof settings>): Generator<[name: string, fault: string]> {
  try {
    new SigningKeys(signingOf(values));
  } catch (error) {
    // Names a key by its place, and shows nothing of it.
    yield [
      values.JWT_ALG === 'HS256' ? 'JWT_SECRET' : 'JWT_PRIVATE_KEYS',
      error instanceof Error ? error.message : 'cannot be used',
    ];
  }
  if (values.WEB_CONCURRENCY > 1 && values.REDIS_URL === undefined) {
    yield ['WEB_CONCURRENCY', 'more than 1 needs REDIS_URL'];
  }
  if (values.REFRESH_TOKEN_TTL > values.SESSION_MAX_AGE) {
    yield ['REFRESH_TOKEN_TTL', 'must not be longer than SESSION_MAX_AGE'];
  }
  if ((values.ADMIN_EMAIL === undefined) !== (values.ADMIN_PASSWORD === undefined)) {
    yield ['ADMIN_EMAIL', 'and ADMIN_PASSWORD are given together'];
  }
}

/** An empty setting counts as none; `NAME_FILE` is read into `NAME`. */
export function readSecretFiles(environment: NodeJS.ProcessEnv) {
  const env = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const faults = new Map<string, string>();
  for (const name of SECRET_SETTINGS) {
    const path = env[`${name}_FILE`];
    if (path === undefined) continue;
    if (env[name] !== undefined) {
      faults.set(name, `is given twice, by ${name} and by ${name}_FILE`);
      continue;
    }
    try {
      env[name] = readFileSync(path, 'utf8').trim();
    } catch (error) {
      faults.set(`${name}_FILE`, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
  }
  return { env, faults };
}

/** zod's own words for what is missing are about types; a setting is simply needed. */
export function messageOf(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
    ? 'is needed'
    : issue.message;
}
