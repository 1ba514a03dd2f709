/** What production needs and development can do without; signing keys are looked at with their algorithm. */
const NEEDED = [
  'DATABASE_URL',
  'REDIS_URL',
  'SMTP_URL',
  'BASE_URL',
  'SECRET_KEYS',
  'PASSWORD_PEPPER',
  'METRICS_TOKEN',
] as const;

/** Settings that hold secrets of our own making; the shortest that each may be. */
const OWN_SECRETS = { JWT_SECRET: 32, SECRET_KEYS: 32, PASSWORD_PEPPER: 32, METRICS_TOKEN: 16 } as const;

const SAMPLE =
  /change.?me|example|sample|placeholder|your.?secret|replace|dummy|insecure|password|tollgate|0123456789|abcdef/i;

/** Why this environment must not serve in production, by setting. Yields names and reasons, never values. */
export function* productionFaults(env: NodeJS.ProcessEnv): Generator<[name: string, fault: string]> {
  for (const name of NEEDED) {
    if (env[name] === undefined) yield [name, 'is needed in production'];
  }
  const signing = (env['JWT_ALG'] ?? 'HS256') === 'HS256' ? 'JWT_SECRET' : 'JWT_PRIVATE_KEYS';
  if (env[signing] === undefined) yield [signing, 'is needed in production'];

  const seen = new Map<string, string>();
  for (const [name, shortest] of Object.entries(OWN_SECRETS)) {
    for (const secret of env[name]?.split(',').map((part) => part.trim()) ?? []) {
      const other = seen.get(secret);
      if (other !== undefined) yield [name, `repeats a secret of ${other}`];
      seen.set(secret, name);
      if (isWeakSecret(secret, shortest)) {
        yield [name, `is weak or a sample; make one with: openssl rand -base64 ${shortest}`];
      }
    }
  }
  if (Number(env['BCRYPT_COST'] ?? 12) < 10) yield ['BCRYPT_COST', 'below 10 is refused in production'];
  if (env['ADMIN_PASSWORD'] !== undefined && isWeakSecret(env['ADMIN_PASSWORD'], 12)) {
    yield ['ADMIN_PASSWORD', 'is weak or a sample'];
  }
}

/** Short, a known sample, or made of few different characters. */
function isWeakSecret(secret: string, shortest: number): boolean {
  return secret.length < shortest || new Set(secret).size < Math.min(10, shortest / 2) || SAMPLE.test(secret);
}
