import { generateKeyPairSync } from 'node:crypto';
import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp } from '../testing/api-client';
import { createTestApp, type TestApp } from '../testing/test-app';

describe('a change of the signing key', () => {
  it('logs nobody out: the new key is published, then signs, then stands alone', async () => {
    const [older, newer] = [0, 1].map(() =>
      generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }),
    );
    const first = await createTestApp({ env: { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: older?.privateKey } });
    const apps = [first];
    /** The next release, over the same database. */
    const release = async (...keys: (string | undefined)[]) => {
      const env = { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: keys.join('\n') };
      const app = await createTestApp({ env, databaseUrl: first.databaseUrl });
      apps.push(app);
      return app;
    };
    const keysOf = async (app: TestApp) => (await request(app.app).get('/.well-known/jwks.json')).body.keys;
    const works = async (app: TestApp, token: string) =>
      outcomeOf(await new ApiClient(app.app).get('/users/me', token));
    try {
      const user = await signUp(first);
      const { accessToken: old } = await logIn(first, user);
      const published = await release(older?.privateKey, newer?.privateKey);
      expect(await keysOf(first)).toEqual([(await keysOf(published))[0]]);
      expect((await keysOf(published)).map(({ alg, use }: Record<string, string>) => [alg, use])).toEqual(
        Array(2).fill(['ES256', 'sig']),
      );
      const { accessToken: between } = await logIn(published, user);
      const signing = await release(newer?.privateKey, older?.privateKey);
      const { accessToken: young } = await logIn(signing, user);
      for (const token of [old, between, young]) {
        expect(await works(published, token)).toBe('200');
        expect(await works(signing, token)).toBe('200');
      }
      const alone = await release(newer?.privateKey);
      expect(await works(alone, young)).toBe('200');
      expect(await works(alone, old)).toBe('401 invalid_token');
    } finally {
      for (const app of apps.reverse()) await app.close();
    }
  });
});
