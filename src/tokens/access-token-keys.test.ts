import { createHmac, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { decode, sign } from 'jsonwebtoken';
import { AccessTokens } from './access-token';
import { SigningKeys, type SigningKeysOptions } from './signing-keys';

const START = 1_800_000_000_000;
const clock = { now: () => START, offset: 0 };
const issuer = 'https://auth.example';
const audience = 'https://api.example';
const tokensWith = (options: SigningKeysOptions) =>
  new AccessTokens({ keys: new SigningKeys(options), issuer, audience, clock, ttlSeconds: 900 });
const [userId, sessionId] = [randomUUID(), randomUUID()];
const session = { userId, sessionId, role: 'USER', sessionEndsAt: START + 86_400_000 } as const;

/** A token with this header and payload, signed with whatever is taken for a secret. */
const forge = (header: object, payload: object, secret: string | Buffer): string => {
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
};

const pem = (key: KeyObject) => key.export({ format: 'pem', type: 'pkcs8' }).toString();
const rsaPair = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('public keys', () => {
  it.each([
    ['RS256', rsaPair()],
    ['ES256', ecPair()],
  ] as const)('of %s are of no use as an HMAC secret', (alg, pair) => {
    const options = { alg, privateKeys: [pem(pair.privateKey)] };
    const own = tokensWith(options);
    const payload = decode(own.issue(session).token) as object;
    const publicKid = new SigningKeys(options).current.kid;
    const spki = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const der = pair.publicKey.export({ format: 'der', type: 'spki' });
    for (const secret of [spki, spki.trim(), der, JSON.stringify(pair.publicKey.export({ format: 'jwk' }))]) {
      expect(
        own.verify(forge({ alg: 'HS256', typ: 'at+jwt', kid: publicKid }, payload, secret)),
      ).toBeUndefined();
      expect(own.verify(forge({ alg, typ: 'at+jwt', kid: publicKid }, payload, secret))).toBeUndefined();
    }
    const header = { alg, typ: 'at+jwt', kid: publicKid };
    expect(own.verify(sign(payload, pair.privateKey, { algorithm: alg, header }))).toBeDefined();
  });

  it('are of no use with another algorithm of the same family', () => {
    const { privateKey } = rsaPair();
    const own = tokensWith({ alg: 'RS256', privateKeys: [pem(privateKey)] });
    const { header, payload = {} } = decode(own.issue(session).token, { complete: true }) ?? {};
    for (const alg of ['RS512', 'PS256'] as const) {
      const other = sign(payload as object, privateKey, { algorithm: alg, header: { ...header, alg } });
      expect(own.verify(other)).toBeUndefined();
    }
  });
});

describe('key rotation', () => {
  const secretsOf = (...secrets: string[]): SigningKeysOptions => ({ alg: 'HS256', secrets });
  const keysOf = (alg: 'RS256' | 'ES256', ...privateKeys: string[]): SigningKeysOptions => ({
    alg,
    privateKeys,
  });
  const [rsaOld, rsaNew, ecOld, ecNew] = [rsaPair(), rsaPair(), ecPair(), ecPair()].map(({ privateKey }) =>
    pem(privateKey),
  ) as [string, string, string, string];

  it.each([
    [
      'HS256',
      'the old secret, of more than 32 bytes, for tests',
      'the new secret, of more than 32 bytes, for tests',
      secretsOf,
    ],
    ['RS256', rsaOld, rsaNew, (...keys: string[]) => keysOf('RS256', ...keys)],
    ['ES256', ecOld, ecNew, (...keys: string[]) => keysOf('ES256', ...keys)],
  ] as const)('of %s in three steps logs nobody out', (alg, oldKey, newKey, listed) => {
    const lists = [listed(oldKey), listed(oldKey, newKey), listed(newKey, oldKey), listed(newKey)];
    const steps = lists.map((list) => tokensWith(list));
    const made = steps.map((step) => step.issue(session).token);
    const accepted = steps.map((step) => made.map((token) => step.verify(token) !== undefined));
    expect(accepted).toEqual([
      [true, true, false, false],
      [true, true, true, true],
      [true, true, true, true],
      [false, false, true, true],
    ]);
    const published = lists.map((list) => new SigningKeys(list).jwks().keys.length);
    expect(published).toEqual(alg === 'HS256' ? [0, 0, 0, 0] : [1, 2, 2, 1]);
  });
});
