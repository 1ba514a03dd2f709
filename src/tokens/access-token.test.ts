import { createHmac, randomUUID } from 'node:crypto';
import { decode } from 'jsonwebtoken';
import { AccessTokens } from './access-token';
import { SigningKeys, type SigningKeysOptions } from './signing-keys';

const START = 1_800_000_000_000;
let now = START;
const clock = { now: () => now, offset: 0 };
const SECRET = 'a signing secret of more than 32 bytes, for tests';
const issuer = 'https://auth.example';
const audience = 'https://api.example';
const tokensWith = (options: SigningKeysOptions, ttlSeconds = 900) =>
  new AccessTokens({ keys: new SigningKeys(options), issuer, audience, clock, ttlSeconds });

const hs: SigningKeysOptions = { alg: 'HS256', secrets: [SECRET] };
const tokens = tokensWith(hs);
const kid = new SigningKeys(hs).current.kid;
const [userId, sessionId] = [randomUUID(), randomUUID()];
const session = { userId, sessionId, role: 'USER', sessionEndsAt: START + 86_400_000 } as const;

beforeEach(() => {
  now = START;
});

describe('issuing', () => {
  it('makes a token as RFC 9068 has it', () => {
    const { token, expiresIn } = tokens.issue(session);
    const { header, payload } = decode(token, { complete: true }) ?? {};
    const iat = START / 1000;
    expect(header).toEqual({ alg: 'HS256', kid, typ: 'at+jwt' });
    expect(payload).toEqual({
      ...{ iss: issuer, aud: audience, sub: userId, sid: sessionId, role: 'USER' },
      ...{ iat, exp: iat + 900, jti: expect.any(String) },
    });
    expect(expiresIn).toBe(900);
    expect(tokens.verify(token)).toEqual({ role: 'USER', userId, sessionId, expiresAt: START + 900_000 });
  });

  it('never outlives its session', () => {
    const { token, expiresIn } = tokens.issue({ ...session, sessionEndsAt: START + 10_999 });
    expect(expiresIn).toBe(10);
    expect(tokens.verify(token)?.expiresAt).toBe(START + 10_000);
    const ended = tokens.issue({ ...session, sessionEndsAt: START - 5_000 });
    expect(ended.expiresIn).toBe(0);
    expect(tokens.verify(ended.token)).toBeUndefined();
  });

  it('names each token anew', () => {
    expect(tokens.issue(session).token).not.toBe(tokens.issue(session).token);
  });

  it('gives a guest no session', () => {
    const guestId = randomUUID();
    const { token, expiresIn } = tokens.issueGuest({ guestId });
    expect(expiresIn).toBe(900);
    expect(tokens.verify(token)).toEqual({ role: 'GUEST', guestId, expiresAt: START + 900_000 });
    expect(decode(token)).not.toHaveProperty('sid');
  });
});

describe('time', () => {
  it.each(['first seen then', 'seen before'])('ends a token in the second its exp names, %s', (seen) => {
    const { token } = tokens.issue(session);
    if (seen === 'seen before') expect(tokens.verify(token)).toBeDefined();
    now = START + 899_999;
    if (seen === 'seen before') expect(tokens.verify(token)).toBeDefined();
    now = START + 900_000;
    expect(tokens.verify(token)).toBeUndefined();
    now = START + 901_000;
    expect(tokens.verify(token)).toBeUndefined();
  });

  it('bears a clock that is a minute ahead, not one that is further ahead', () => {
    const { token } = tokens.issue(session);
    now = START - 61_000;
    expect(tokens.verify(token)).toBeUndefined();
    now = START - 60_000;
    expect(tokens.verify(token)).toBeDefined();
  });
});

/** A token with this header and payload, signed by whatever key and digest. */
const forge = (header: object, payload: object, key: string, hash = 'sha256'): string => {
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
};

describe('what is not ours', () => {
  const header = { alg: 'HS256', typ: 'at+jwt', kid };
  const iat = START / 1000;
  const claims = {
    ...{ iss: issuer, aud: audience, sub: userId, sid: sessionId, role: 'USER' },
    ...{ iat, exp: iat + 900, jti: randomUUID() },
  };
  const without = (member: keyof typeof claims) => ({ ...claims, [member]: undefined });

  it('is told apart by nothing but what each case changes', () => {
    expect(tokens.verify(forge(header, claims, SECRET))).toBeDefined();
    expect(tokens.verify(forge(header, { ...claims, role: 'GUEST', sid: undefined }, SECRET))).toBeDefined();
  });

  it.each([
    ['another issuer', { ...claims, iss: 'https://other.example' }],
    ['another audience', { ...claims, aud: 'https://other.example' }],
    ['a list as audience', { ...claims, aud: [audience] }],
    ['no exp', without('exp')],
    ['exp 1e30', { ...claims, exp: 1e30 }],
    ['exp as text', { ...claims, exp: String(iat + 900) }],
    ['exp with a fraction', { ...claims, exp: iat + 0.5 }],
    ['a life of over a day', { ...claims, exp: iat + 86_401 }],
    ['exp in the past', { ...claims, iat: iat - 900, exp: iat - 1 }],
    ['no iat', without('iat')],
    ['iat to come', { ...claims, iat: iat + 100 }],
    ['an object as sub', { ...claims, sub: { id: userId } }],
    ['a sub that is no id', { ...claims, sub: 'anna' }],
    ['no sid', without('sid')],
    ['a guest with a sid', { ...claims, role: 'GUEST' }],
    ['an unknown role', { ...claims, role: 'ROOT' }],
    ['no jti', without('jti')],
    ['nbf to come', { ...claims, nbf: iat + 100 }],
    ['an unknown claim', { ...claims, scope: 'all' }],
    ['a list as payload', [claims]],
  ])('%s', (_, payload) => {
    expect(tokens.verify(forge(header, payload, SECRET))).toBeUndefined();
  });

  it.each([
    ['typ JWT', { ...header, typ: 'JWT' }],
    ['typ in capitals', { ...header, typ: 'AT+JWT' }],
    ['no typ', { alg: 'HS256', kid }],
    ['no kid', { alg: 'HS256', typ: 'at+jwt' }],
    ['an unknown kid', { ...header, kid: 'other' }],
    ['a kid that every object has', { ...header, kid: 'constructor' }],
    ['crit', { ...header, crit: ['exp'] }],
    ['an embedded key', { ...header, jwk: { kty: 'oct', k: 'AAAA' } }],
    ['alg none, signed', { ...header, alg: 'none' }],
    ['another alg than the signature', { ...header, alg: 'HS512' }],
  ])('%s', (_, changed) => {
    expect(tokens.verify(forge(changed, claims, SECRET))).toBeUndefined();
  });

  it('alg none, unsigned', () => {
    const [head, body] = forge({ ...header, alg: 'none' }, claims, SECRET).split('.');
    expect(tokens.verify(`${head}.${body}.`)).toBeUndefined();
    expect(tokens.verify(`${head}.${body}`)).toBeUndefined();
  });

  it.each(['HS384', 'HS512'] as const)('%s with our own secret', (alg) => {
    const forged = forge({ ...header, alg }, claims, SECRET, alg.replace('HS', 'sha'));
    expect(tokens.verify(forged)).toBeUndefined();
  });

  it('another key, whatever kid it names', () => {
    expect(tokens.verify(forge(header, claims, `${SECRET}!`))).toBeUndefined();
  });

  it('a changed token of ours, also after ours has been seen', () => {
    const { token } = tokens.issue(session);
    expect(tokens.verify(token)).toBeDefined();
    const [head, body = '', signature] = token.split('.');
    const payload = JSON.parse(Buffer.from(body, 'base64url').toString());
    const admin = Buffer.from(JSON.stringify({ ...payload, role: 'ADMIN' })).toString('base64url');
    expect(tokens.verify(`${head}.${admin}.${signature}`)).toBeUndefined();
    expect(tokens.verify(`${head}.${body}.${signature?.slice(0, -2)}`)).toBeUndefined();
  });

  it.each([
    '',
    '.',
    '..',
    '...',
    'a.b.c',
    '{}',
    'null.null.null',
    'é.é.é',
    `${'a'.repeat(2000)}.${'b'.repeat(3000)}.c`,
  ])('text like %.20j', (text) => {
    expect(tokens.verify(text)).toBeUndefined();
  });

  it('a token that is right but longer than 4 KiB', () => {
    const [short, long] = [100, 4_000].map((length) => {
      const keys = new SigningKeys(hs);
      return new AccessTokens({ keys, issuer: 'i'.repeat(length), audience, clock, ttlSeconds: 900 });
    });
    expect(short?.verify(short.issue(session).token)).toBeDefined();
    expect(long?.verify(long.issue(session).token)).toBeUndefined();
  });
});
