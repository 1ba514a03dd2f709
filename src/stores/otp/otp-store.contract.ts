import { randomUUID } from 'node:crypto';
import type { TestClock } from '../../testing/test-clock';
import {
  MAX_OUTSTANDING_TOKENS,
  MAX_TRIES_PER_CODE,
  MAX_WRONG_TRIES_PER_DAY,
  type OtpEntry,
  type OtpPurpose,
  type OtpStore,
} from './otp-store';

export interface OtpFixture {
  readonly store: OtpStore;
  readonly clock: TestClock;
}

const TEN_MINUTES = 600_000;
const HOUR = 3_600_000;

/** What every store of one-time passwords does; `fixture` is asked anew in each test. */
export function otpStoreContract(fixture: () => OtpFixture): void {
  const entry = (over: Partial<OtpEntry> = {}): OtpEntry => ({
    id: randomUUID(),
    codeDigest: randomUUID(),
    tokenDigest: randomUUID(),
    expiresAt: fixture().clock.now() + TEN_MINUTES,
    ...over,
  });
  const code = (account: string, digest: string, purpose: OtpPurpose = 'login') =>
    fixture().store.present(account, purpose, { kind: 'code', digests: ['of another key', digest] });
  const token = (account: string, digest: string, purpose: OtpPurpose = 'login') =>
    fixture().store.present(account, purpose, { kind: 'token', digests: [digest, 'of another key'] });
  /** An account with one mail that went out. */
  const mailed = async (account: string = randomUUID(), purpose: OtpPurpose = 'login') => {
    const { store } = fixture();
    const mail = entry();
    await store.stage(account, purpose, mail);
    await store.activate(account, purpose, mail.id);
    return { account, mail };
  };
  const wrongTimes = async (times: number, account: string) => {
    for (let n = 0; n < times; n += 1) expect(await code(account, 'wrong')).toBe('wrong');
  };

  it.each(['code', 'token'] as const)(
    'accepts a %s once, and nothing of that mail afterwards',
    async (kind) => {
      const { account, mail } = await mailed();
      const present = kind === 'code' ? code(account, mail.codeDigest) : token(account, mail.tokenDigest);
      expect(await present).toBe('accepted');
      expect(await code(account, mail.codeDigest)).toBe('unknown');
      expect(await token(account, mail.tokenDigest)).toBe('unknown');
    },
  );

  it('knows digits and token apart, and account and purpose', async () => {
    const { account, mail } = await mailed();
    expect(await code(account, mail.tokenDigest)).toBe('wrong');
    expect(await token(account, mail.codeDigest)).toBe('wrong');
    expect(await code(account, mail.codeDigest, 'reset_password')).toBe('unknown');
    expect(await code(randomUUID(), mail.codeDigest)).toBe('unknown');
    expect(await code(account, mail.codeDigest)).toBe('accepted');
  });

  it('accepts one of 64 who present the same code at once, in 100 rounds', async () => {
    for (let round = 0; round < 100; round += 1) {
      const { account, mail } = await mailed();
      const digest = round % 2 === 0 ? mail.codeDigest : mail.tokenDigest;
      const present = round % 2 === 0 ? code : token;
      const outcomes = await Promise.all(Array.from({ length: 64 }, () => present(account, digest)));
      expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'unknown')).toHaveLength(63);
    }
  });

  it('compares five wrong tries of 64 at once, then not even the right digits, but the token', async () => {
    const { account, mail } = await mailed();
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => code(account, 'wrong')));
    expect(outcomes.filter((outcome) => outcome === 'wrong')).toHaveLength(MAX_TRIES_PER_CODE);
    expect(outcomes.filter((outcome) => outcome === 'exhausted')).toHaveLength(64 - MAX_TRIES_PER_CODE);
    expect(await code(account, mail.codeDigest)).toBe('exhausted');
    expect(await token(account, 'wrong')).toBe('wrong');
    expect(await token(account, mail.tokenDigest)).toBe('accepted');
  });

  it('accepts the right digits at the fifth try', async () => {
    const { account, mail } = await mailed();
    await wrongTimes(MAX_TRIES_PER_CODE - 1, account);
    expect(await code(account, mail.codeDigest)).toBe('accepted');
  });

  it('gives an account its wrong tries of 24 hours, however many mails it asks for', async () => {
    const { clock } = fixture();
    const account = randomUUID();
    for (let mail = 0; mail < MAX_WRONG_TRIES_PER_DAY / MAX_TRIES_PER_CODE; mail += 1) {
      await mailed(account);
      await wrongTimes(MAX_TRIES_PER_CODE, account);
      clock.advance(HOUR);
    }
    const reset = await mailed(account, 'reset_password');
    expect(await code(account, reset.mail.codeDigest, 'reset_password')).toBe('exhausted');
    expect(await token(account, reset.mail.tokenDigest, 'reset_password')).toBe('accepted');
    // 24 hours after the first five, and no sooner, there are five again.
    clock.advance(20 * HOUR - 60_000);
    const early = await mailed(account);
    expect(await code(account, early.mail.codeDigest)).toBe('exhausted');
    clock.advance(60_000);
    await wrongTimes(MAX_TRIES_PER_CODE, account);
    await mailed(account);
    expect(await code(account, 'wrong')).toBe('exhausted');
  });

  it('counts neither right digits, nor tokens, nor digits of nothing outstanding against the day', async () => {
    const account = randomUUID();
    for (let n = 0; n < MAX_WRONG_TRIES_PER_DAY + 5; n += 1) {
      expect(await code(account, 'wrong')).toBe('unknown');
      const { mail } = await mailed(account);
      expect(await token(account, 'wrong')).toBe('wrong');
      expect(await code(account, mail.codeDigest)).toBe('accepted');
    }
    await mailed(account);
    await wrongTimes(MAX_TRIES_PER_CODE, account);
  });

  it('expires digits and tokens by time', async () => {
    const { clock } = fixture();
    const { account, mail } = await mailed();
    clock.advance(TEN_MINUTES - 5_000);
    await wrongTimes(1, account);
    clock.advance(5_001);
    expect(await code(account, mail.codeDigest)).toBe('unknown');
    expect(await token(account, mail.tokenDigest)).toBe('unknown');
  });

  it('accepts a staged mail beside the current one; once it went out, of the older only the token', async () => {
    const { store } = fixture();
    for (const digits of ['older', 'staged'] as const) {
      const { account, mail: older } = await mailed();
      const staged = entry();
      await store.stage(account, 'login', staged);
      const { codeDigest } = digits === 'older' ? older : staged;
      expect(await code(account, codeDigest)).toBe('accepted');
    }
    const { account, mail: older } = await mailed();
    const newer = await mailed(account);
    expect(await code(account, older.codeDigest)).toBe('wrong');
    expect(await token(account, older.tokenDigest)).toBe('accepted');
    expect(await token(account, newer.mail.tokenDigest)).toBe('unknown');
  });

  it.each([
    ['in order', false],
    ['in reversed order', true],
  ])('leaves the newer of two mails under way its digits, when they are accepted %s', async (_, reversed) => {
    const { store } = fixture();
    for (const kind of ['code', 'token'] as const) {
      const account = randomUUID();
      const [older, newer] = [entry(), entry()];
      for (const mail of [older, newer]) await store.stage(account, 'login', mail);
      const accepted = reversed ? [newer, older] : [older, newer];
      for (const { id } of accepted) await store.activate(account, 'login', id);
      expect(await code(account, older.codeDigest)).toBe('wrong');
      const right = kind === 'code' ? code(account, newer.codeDigest) : token(account, older.tokenDigest);
      expect(await right).toBe('accepted');
    }
  });

  it('keeps the digits of a mail still under way when an older one is accepted', async () => {
    const { store } = fixture();
    const account = randomUUID();
    const [older, newer] = [entry(), entry()];
    for (const mail of [older, newer]) await store.stage(account, 'login', mail);
    await store.activate(account, 'login', older.id);
    expect(await code(account, newer.codeDigest)).toBe('accepted');
  });

  it('counts a wrong try against every living set of digits', async () => {
    const { store } = fixture();
    const { account, mail } = await mailed();
    await wrongTimes(3, account);
    const staged = entry();
    await store.stage(account, 'login', staged);
    await wrongTimes(2, account);
    // The older has had its five, the staged one two.
    expect(await code(account, mail.codeDigest)).toBe('wrong');
    await store.activate(account, 'login', staged.id);
    await wrongTimes(2, account);
    expect(await code(account, staged.codeDigest)).toBe('exhausted');
  });

  it('does not give digits new tries when their mail goes out, twice or late', async () => {
    const { store } = fixture();
    const { account, mail } = await mailed();
    await wrongTimes(MAX_TRIES_PER_CODE, account);
    await store.activate(account, 'login', mail.id);
    expect(await code(account, mail.codeDigest)).toBe('exhausted');
    const newer = await mailed(account);
    await store.activate(account, 'login', randomUUID());
    expect(await code(account, newer.mail.codeDigest)).toBe('accepted');
  });

  it('forgets a mail that did not go out, whole, and that one only', async () => {
    const { store } = fixture();
    const { account, mail } = await mailed();
    const lost = entry();
    await store.stage(account, 'login', lost);
    await store.discard(account, 'login', lost.id);
    expect(await code(account, lost.codeDigest)).toBe('wrong');
    expect(await token(account, lost.tokenDigest)).toBe('wrong');
    expect(await code(account, mail.codeDigest)).toBe('accepted');
    await store.discard(account, 'login', mail.id);
  });

  it('keeps the tokens of the newest mails', async () => {
    const account = randomUUID();
    const mails: OtpEntry[] = [];
    for (let n = 0; n <= MAX_OUTSTANDING_TOKENS; n += 1) mails.push((await mailed(account)).mail);
    expect(await token(account, mails[0]?.tokenDigest ?? '')).toBe('wrong');
    expect(await token(account, mails[1]?.tokenDigest ?? '')).toBe('accepted');
  });
}
