import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import request from 'supertest';
import { logIn, signUp } from '../testing/api-client';
import { createTestApp } from '../testing/test-app';

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' });

describe.each([
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), { kty: 'EC', crv: 'P-256' }],
  ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), { kty: 'RSA' }],
] as const)('the published keys of %s', (alg, makePair, shape) => {
  it('are every public key, no private part, and verify what is issued', async () => {
    const keyPairs = [makePair(), makePair()];
    const JWT_PRIVATE_KEYS = keyPairs.map(({ privateKey }) => pem(privateKey)).join('\n');
    const test = await createTestApp({ env: { JWT_ALG: alg, JWT_PRIVATE_KEYS } });
    try {
      const { keys } = (await request(test.app).get('/.well-known/jwks.json')).body;
      expect(keys).toHaveLength(2);
      for (const key of keys) {
        expect(key).toMatchObject({ ...shape, use: 'sig', alg, kid: expect.any(String) });
        for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(part);
      }
      const { accessToken } = await logIn(test, await signUp(test));
      const [header = '', payload = '', signature = ''] = accessToken.split('.');
      const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
      expect(kid).toBe(keys[0].kid);
      const key = createPublicKey({ key: keys[0], format: 'jwk' });
      const signed = Buffer.from(`${header}.${payload}`);
      const valid = verify(
        'sha256',
        signed,
        { key, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      );
      expect(valid).toBe(true);
    } finally {
      await test.close();
    }
  });
});
