import type { OtpEntry, OtpPurpose, OtpStore, PresentedOtp, PresentOutcome } from '../stores/otp/otp-store';
import { deriveKeys } from './keyring';
import { OneTimeCodes } from './one-time-codes';

const [OLD, NEW] = ['the secret before this one, long enough', 'the secret of today, also long enough'];
const binding = {
  account: '0197a3e0-1234-7abc-8def-0123456789ab',
  email: 'anna@mail.example',
  purpose: 'login',
  credentialVersion: 3,
} as const;
const expiresAt = 1_800_000_600_000;

/** Keeps every entry and shows what it was asked; tries and expiry are the real stores' business. */
class OpenStore implements OtpStore {
  readonly entries: OtpEntry[] = [];
  readonly calls: (readonly [string, ...unknown[]])[] = [];

  async stage(account: string, purpose: OtpPurpose, entry: OtpEntry): Promise<void> {
    this.calls.push(['stage', account, purpose]);
    this.entries.push(entry);
  }

  async activate(...args: [string, OtpPurpose, string]): Promise<void> {
    this.calls.push(['activate', ...args]);
  }

  async discard(...args: [string, OtpPurpose, string]): Promise<void> {
    this.calls.push(['discard', ...args]);
  }

  async present(_account: string, _purpose: OtpPurpose, presented: PresentedOtp): Promise<PresentOutcome> {
    this.calls.push(['present', presented.kind]);
    const held = this.entries.map((entry) =>
      presented.kind === 'code' ? entry.codeDigest : entry.tokenDigest,
    );
    return presented.digests.some((digest) => held.includes(digest)) ? 'accepted' : 'wrong';
  }
}

const setUp = (store = new OpenStore(), ...secrets: string[]) => ({
  store,
  codes: new OneTimeCodes({ keys: deriveKeys(secrets.length > 0 ? secrets : [NEW], 'codes'), store }),
});

describe('drawing', () => {
  it('makes six digits and a long token, and keeps only their digests', async () => {
    const { codes, store } = setUp();
    const { id, code, token } = await codes.draw({ ...binding, expiresAt });
    expect(code).toMatch(/^[0-9]{6}$/);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(store.entries).toEqual([
      { id, expiresAt, codeDigest: expect.any(String), tokenDigest: expect.any(String) },
    ]);
    const [entry] = store.entries;
    expect([entry?.codeDigest, entry?.tokenDigest].join()).not.toContain(token);
    expect(store.calls).toEqual([['stage', binding.account, 'login']]);
  });

  it('keeps leading zeros, and draws another each time', async () => {
    const { codes } = setUp();
    const drawn = await Promise.all(Array.from({ length: 500 }, () => codes.draw({ ...binding, expiresAt })));
    expect(drawn.every(({ code }) => /^[0-9]{6}$/.test(code))).toBe(true);
    // One in ten begins with a zero: that none of 500 does has a chance of 10^-23.
    expect(drawn.some(({ code }) => code.startsWith('0'))).toBe(true);
    expect(new Set(drawn.map(({ token }) => token)).size).toBe(500);
    expect(new Set(drawn.map(({ id }) => id)).size).toBe(500);
  });

  it('passes on what became of the mail', async () => {
    const { codes, store } = setUp();
    await codes.activate(binding.account, 'login', 'a');
    await codes.discard(binding.account, 'login', 'b');
    expect(store.calls).toEqual([
      ['activate', binding.account, 'login', 'a'],
      ['discard', binding.account, 'login', 'b'],
    ]);
  });
});

describe('presenting', () => {
  it('accepts the digits and the token', async () => {
    const { codes } = setUp();
    const { code, token } = await codes.draw({ ...binding, expiresAt });
    expect(await codes.present({ ...binding, otp: code })).toBe('accepted');
    expect(await codes.present({ ...binding, otp: token })).toBe('accepted');
  });

  it.each([
    { account: '0197a3e0-1234-7abc-8def-0123456789ac' },
    { email: 'anne@mail.example' },
    { purpose: 'reset_password' },
    { credentialVersion: 4 },
  ] as const)('accepts neither for another %j', async (other) => {
    const { codes } = setUp();
    const { code, token } = await codes.draw({ ...binding, expiresAt });
    expect(await codes.present({ ...binding, ...other, otp: code })).toBe('wrong');
    expect(await codes.present({ ...binding, ...other, otp: token })).toBe('wrong');
  });

  it.each([
    '',
    '12345',
    '1234567',
    '12345a',
    '１２３４５６',
    '123456\n',
    ' 123456',
    '٠١٢٣٤٥',
    'x'.repeat(5_000),
    '\ud83d',
  ])('asks the store all the same for %j, as for a token', async (otp) => {
    const { codes, store } = setUp();
    expect(await codes.present({ ...binding, otp })).toBe('wrong');
    expect(store.calls).toEqual([['present', 'token']]);
  });

  it('survives a change of keys while the old one is listed', async () => {
    const { store } = setUp();
    const { code, token } = await setUp(store, OLD).codes.draw({ ...binding, expiresAt });
    for (const otp of [code, token]) {
      expect(await setUp(store, NEW, OLD).codes.present({ ...binding, otp })).toBe('accepted');
      expect(await setUp(store, NEW).codes.present({ ...binding, otp })).toBe('wrong');
    }
  });
});

it('gives an unknown address an account of its own, always the same, that is no user', () => {
  const { codes } = setUp();
  const account = codes.pseudoAccount('anna@mail.example');
  expect(account).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(codes.pseudoAccount('anna@mail.example')).toBe(account);
  expect(codes.pseudoAccount('anne@mail.example')).not.toBe(account);
  expect(setUp(undefined, OLD).codes.pseudoAccount('anna@mail.example')).not.toBe(account);
});
