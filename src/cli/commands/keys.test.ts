import { createPrivateKey } from 'node:crypto';
import { loadConfig } from '../../config';
import { signUp } from '../../testing/api-client';
import { cliEvents, runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp } from '../../testing/test-app';
import { SigningKeys } from '../../tokens/signing-keys';

const secret = (letter: string) => `${letter}-secret-of-this-test-alone-${letter.repeat(12)}`;

it('shows what depends on each key, also on those that are listed no more', async () => {
  const env = { PASSWORD_PEPPER: secret('p'), SECRET_KEYS: secret('s'), JWT_SECRET: secret('j') };
  const old = await createTestApp({ env });
  const first = (await runCliForJson(old, 'keys', 'show')).data;
  expect(first.peppers).toEqual([{ id: expect.any(String), use: 'makes', rows: 0 }]);
  await signUp(old);
  await signUp(old);

  const changed = await createTestApp({
    databaseUrl: old.databaseUrl,
    env: {
      PASSWORD_PEPPER: `${secret('q')},${secret('p')}`,
      SECRET_KEYS: secret('t'),
      JWT_SECRET: `${secret('k')},${secret('j')}`,
    },
  });
  await signUp(changed);
  const { data } = await runCliForJson(changed, 'keys', 'show');
  expect(data.signing).toEqual({
    alg: 'HS256',
    keys: [
      { id: expect.any(String), use: 'makes', rows: null },
      { id: first.signing.keys[0].id, use: 'verifies only', rows: null },
    ],
  });
  expect(data.peppers).toEqual([
    { id: expect.any(String), use: 'makes', rows: 1 },
    { id: first.peppers[0].id, use: 'verifies only', rows: 2 },
  ]);
  const [now, gone] = data.secretKeys;
  expect(data.secretKeys).toHaveLength(2);
  expect(gone).toMatchObject({ id: first.secretKeys[0].id, use: 'unlisted' });
  const rows = await changed.database.run((db) => db.auditEvent.count());
  expect(now.rows + gone.rows).toBe(rows);
  expect(gone.rows).toBeGreaterThanOrEqual(5);

  const { out } = await runCliOn(changed, 'keys', 'show');
  expect(out).toContain('2 accounts');
  expect(out).toMatch(/unlisted +\d+ rows of the audit trail/);
  expect((await cliEvents(changed)).at(-1)).toMatchObject({
    type: 'sensitive_read',
    details: JSON.stringify({ what: 'keys' }),
  });
  await changed.close();
  await old.close();
}, 30_000);

it.each(['HS256', 'ES256', 'RS256'] as const)(
  'makes secrets that production accepts, and never the same twice (%s)',
  async (alg) => {
    const test = { config: undefined, services: undefined, backends: undefined } as never;
    const made = await runCliForJson(test, 'keys', 'new', '--alg', alg);
    const { settings } = made.data;
    const config = loadConfig({
      NODE_ENV: 'production',
      DATABASE_URL: 'postgresql://db.internal/auth',
      REDIS_URL: 'redis://redis.internal',
      SMTP_URL: 'smtp://mail.internal',
      BASE_URL: 'https://auth.example.com',
      ...settings,
    });
    expect(new SigningKeys(config.signing).alg).toBe(alg);
    if (alg !== 'HS256') {
      // Two, one after the other, as the first step of changing one asks.
      const another = (await runCliForJson(test, 'keys', 'new', '--alg', alg)).data.settings;
      const both = loadConfig({
        ...settings,
        DATABASE_URL: 'postgresql://db.internal/auth',
        SMTP_URL: 'smtp://mail.internal',
        JWT_PRIVATE_KEYS: settings.JWT_PRIVATE_KEYS + another.JWT_PRIVATE_KEYS,
      });
      expect(new SigningKeys(both.signing).kids).toHaveLength(2);
      expect(createPrivateKey(settings.JWT_PRIVATE_KEYS.replaceAll('\\n', '\n')).type).toBe('private');
    }
    const again = (await runCliForJson(test, 'keys', 'new', '--alg', alg)).data.settings;
    for (const [name, value] of Object.entries(settings)) {
      if (name !== 'JWT_ALG') expect(again[name]).not.toBe(value);
    }
    const { out } = await runCliOn(test, 'keys', 'new');
    expect(out).toContain('Nothing has been written');
  },
  30_000,
);
