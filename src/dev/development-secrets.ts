import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const NAMES = ['JWT_SECRET', 'SECRET_KEYS', 'PASSWORD_PEPPER'] as const;

type Secrets = Readonly<Record<(typeof NAMES)[number], string>>;

/** The secrets of a development instance: made at its first start, kept in a file that its owner alone can read. */
export function developmentSecrets(path: string): Secrets {
  if (!existsSync(path)) {
    mkdirSync(dirname(path), { recursive: true });
    const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(32).toString('base64url')]));
    writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  }
  return JSON.parse(readFileSync(path, 'utf8')) as Secrets;
}
