import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SigningKeys } from './signing-keys';

const pem = (key: KeyObject, type: 'pkcs8' | 'spki' = 'pkcs8') =>
  key.export({ format: 'pem', type }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const SECRET = 'a signing secret of more than 32 bytes, for tests';

describe('the key set', () => {
  it('is empty for HS256, whose key id is stable and shows nothing of the secret', () => {
    const keys = new SigningKeys({ alg: 'HS256', secrets: [SECRET, `${SECRET}!`] });
    expect(keys.jwks()).toEqual({ keys: [] });
    expect(keys.current.kid).toMatch(/^[\w-]{16}$/);
    expect(new SigningKeys({ alg: 'HS256', secrets: [SECRET] }).current.kid).toBe(keys.current.kid);
  });

  it.each([
    ['RS256', rsa, ['e', 'kty', 'n']],
    ['ES256', p256, ['crv', 'kty', 'x', 'y']],
  ] as const)('holds the public half of each %s key and no more', (alg, pair, members) => {
    const keys = new SigningKeys({ alg, privateKeys: [pem(pair.privateKey)] });
    const [jwk, ...others] = keys.jwks().keys;
    expect(others).toEqual([]);
    expect(Object.keys(jwk ?? {}).sort()).toEqual([...members, 'alg', 'kid', 'use'].sort());
    expect(jwk).toMatchObject({
      ...pair.publicKey.export({ format: 'jwk' }),
      use: 'sig',
      alg,
      kid: keys.current.kid,
    });
    expect(keys.verifying(keys.current.kid)?.type).toBe('public');
    expect(keys.verifying('another')).toBeUndefined();
  });

  it('reads PKCS #1 and SEC 1 files too', () => {
    const pkcs1 = rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
    const sec1 = p256.privateKey.export({ format: 'pem', type: 'sec1' }).toString();
    expect(new SigningKeys({ alg: 'RS256', privateKeys: [pkcs1] }).jwks().keys).toHaveLength(1);
    expect(new SigningKeys({ alg: 'ES256', privateKeys: [sec1] }).jwks().keys).toHaveLength(1);
  });

  it('names keys by their RFC 7638 thumbprint', () => {
    // The key of RFC 7515, A.3.
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
    };
    const keys = new SigningKeys({
      alg: 'ES256',
      privateKeys: [pem(createPrivateKey({ key: jwk, format: 'jwk' }))],
    });
    const canonical = `{"crv":"P-256","kty":"EC","x":"${jwk.x}","y":"${jwk.y}"}`;
    expect(keys.current.kid).toBe(createHash('sha256').update(canonical).digest('base64url'));
  });
});

describe('a key that will not do is named by its place and not shown', () => {
  const ec = pem(p256.privateKey);
  const encrypted = p256.privateKey
    .export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString();
  it.each([
    ['no key', { alg: 'ES256', privateKeys: [] }, 'ES256 needs at least one signing key'],
    ['no secret', { alg: 'HS256', secrets: [] }, 'HS256 needs at least one signing key'],
    [
      'a short secret',
      { alg: 'HS256', secrets: [SECRET, 'S3CR3T'] },
      'signing secret 2 has fewer than 32 bytes',
    ],
    ['a repeated secret', { alg: 'HS256', secrets: [SECRET, SECRET] }, 'a signing key is listed twice'],
    ['a repeated key', { alg: 'ES256', privateKeys: [ec, ec] }, 'a signing key is listed twice'],
    ['a small RSA key', { alg: 'RS256', privateKeys: [pem(smallRsa.privateKey)] }, 'fewer than 2048 bits'],
    ['an EC key for RS256', { alg: 'RS256', privateKeys: [ec] }, 'signing key 1 is not an RSA key'],
    [
      'an RSA key for ES256',
      { alg: 'ES256', privateKeys: [ec, pem(rsa.privateKey)] },
      'signing key 2 is not a key on',
    ],
    [
      'another curve',
      { alg: 'ES256', privateKeys: [pem(p384.privateKey)] },
      'signing key 1 is not a key on the curve',
    ],
    [
      'a public key',
      { alg: 'ES256', privateKeys: [pem(p256.publicKey, 'spki')] },
      'signing key 1 is a public key',
    ],
    [
      'an encrypted key',
      { alg: 'ES256', privateKeys: [encrypted] },
      'signing key 1 is not an unencrypted private key',
    ],
    ['no PEM', { alg: 'ES256', privateKeys: ['S3CR3T'] }, 'signing key 1 is not an unencrypted private key'],
  ] as const)('%s', (_, options, message) => {
    let error: unknown;
    try {
      new SigningKeys(options);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain(message);
    expect(`${String(error)} ${(error as Error).cause}`).not.toMatch(/S3CR3T|BEGIN|MII/);
  });
});
