import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { command } from '../command';

const ALGORITHMS = ['HS256', 'ES256', 'RS256'] as const;

/** In the order that no session, code or login is lost in. */
const STEPS = [
  'Nothing has been written. To change a key without logging anybody out, with every instance restarted at each step:',
  '1. Append the new value to the setting (after a comma; a private key right after the other): all can verify with it.',
  '2. Put it first: it makes, and the old one still verifies.',
  '3. Remove the old one when keys show says that it may go.',
  'METRICS_TOKEN is no list: change it together with whoever scrapes.',
];

export const keysNew = command({
  name: 'keys new',
  usage: '[--alg HS256|ES256|RS256]',
  summary: 'Makes fresh secrets for the settings, prints them and how to change to them, and writes nothing',
  positionals: [],
  options: { alg: 'string' },
  input: z.strictObject({
    alg: z.enum(ALGORITHMS, `must be one of ${ALGORITHMS.join(', ')}`).default('HS256'),
  }),
  async run({ input: { alg } }) {
    const settings: Record<string, string> = {
      JWT_ALG: alg,
      ...(alg === 'HS256' ? { JWT_SECRET: secret() } : { JWT_PRIVATE_KEYS: privateKey(alg) }),
      SECRET_KEYS: secret(),
      PASSWORD_PEPPER: secret(),
      METRICS_TOKEN: secret(),
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
    return { lines: [...lines, '', ...STEPS], data: { settings, steps: STEPS } };
  },
});

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** PKCS #8 in PEM form, its line breaks written as the settings take them on one line. */
function privateKey(alg: 'ES256' | 'RS256'): string {
  const { privateKey: key } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 3072 });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString().trim().replaceAll('\n', '\\n');
}
