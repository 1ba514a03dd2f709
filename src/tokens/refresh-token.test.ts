import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { deriveKeys } from './keyring';
import { RefreshTokens } from './refresh-token';

const [OLD, NEW] = ['the secret before this one, long enough', 'the secret of today, also long enough'];
const tokens = new RefreshTokens({ keys: deriveKeys([NEW], 'refresh') });
const sessionId = '0197a3e0-1234-7abc-8def-0123456789ab';
const sessionSecret = randomBytes(16);
const token = tokens.issue({ sessionId, sessionSecret, generation: 7 });

/** Whether `from` takes this token as its own. */
const accepts = (from: RefreshTokens, candidate: string, secret: Uint8Array = sessionSecret): boolean => {
  const parsed = from.parse(candidate);
  return parsed !== undefined && from.verify(parsed, secret);
};

it('says session and generation, and verifies with the secret of its session only', () => {
  expect(token).toMatch(/^tgr_[\w-]{70}$/);
  expect(tokens.parse(token)).toMatchObject({ sessionId, generation: 7 });
  expect(accepts(tokens, token)).toBe(true);
  expect(accepts(tokens, token, randomBytes(16))).toBe(false);
});

it('is the same each time it is issued, and another for each generation', () => {
  expect(tokens.issue({ sessionId, sessionSecret, generation: 7 })).toBe(token);
  const many = [1, 2, 3, 0xffff_ffff].map((generation) =>
    tokens.issue({ sessionId, sessionSecret, generation }),
  );
  expect(new Set(many).size).toBe(4);
  expect(many.every((one) => accepts(tokens, one))).toBe(true);
});

it('cannot be moved to another generation or session', () => {
  const bytes = Buffer.from(token.slice(4), 'base64url');
  for (const place of [0, 15, 16, 19, 20, 51]) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(place) ^ 1, place);
    expect(accepts(tokens, `tgr_${changed.toString('base64url')}`)).toBe(false);
  }
});

it('has one spelling', () => {
  const last = token.at(-1) ?? '';
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const sameBytes = alphabet[alphabet.indexOf(last) + 1] ?? '';
  const respelled = token.slice(0, -1) + sameBytes;
  expect(Buffer.from(respelled.slice(4), 'base64url')).toEqual(Buffer.from(token.slice(4), 'base64url'));
  const others = [
    respelled,
    `${token}=`,
    `${token} `,
    ` ${token}`,
    `${token}\n`,
    token.slice(4),
    token.slice(0, -1),
    '',
  ];
  for (const other of others) expect(tokens.parse(other)).toBeUndefined();
  expect(tokens.parse(token.replace('tgr_', 'TGR_'))).toBeUndefined();
});

it('has no generation 0, nor one that is no whole number of 32 bits', () => {
  const bytes = Buffer.alloc(52);
  expect(tokens.parse(`tgr_${bytes.toString('base64url')}`)).toBeUndefined();
  for (const generation of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
    expect(() => tokens.issue({ sessionId, sessionSecret, generation })).toThrow(RangeError);
  }
  expect(() => tokens.issue({ sessionId: sessionId.toUpperCase(), sessionSecret, generation: 1 })).toThrow(
    TypeError,
  );
});

it('takes no other string', () => {
  fc.assert(fc.property(fc.string({ maxLength: 90, unit: 'binary' }), (text) => !accepts(tokens, text)));
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 52, maxLength: 52 }), (bytes) => {
      return !accepts(tokens, `tgr_${Buffer.from(bytes).toString('base64url')}`);
    }),
  );
});

it('survives a change of keys while the old one is listed', () => {
  const [before, both, after] = [[OLD], [NEW, OLD], [NEW]].map((secrets) => {
    return new RefreshTokens({ keys: deriveKeys(secrets, 'refresh') });
  }) as [RefreshTokens, RefreshTokens, RefreshTokens];
  const old = before.issue({ sessionId, sessionSecret, generation: 1 });
  expect([before, both, after].map((from) => accepts(from, old))).toEqual([true, true, false]);
  const fresh = both.issue({ sessionId, sessionSecret, generation: 2 });
  expect([before, both, after].map((from) => accepts(from, fresh))).toEqual([false, true, true]);
});
