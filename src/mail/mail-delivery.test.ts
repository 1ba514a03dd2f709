import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { MailKind } from '../stores/outbox/outbox-store';
import { smtpRefusal, startRawServer } from '../testing/smtp-test-server';
import { createTestOutbox, type TestOutbox } from '../testing/test-outbox';

const MINUTE = 60_000;
let outbox: TestOutbox;

beforeAll(async () => {
  outbox = await createTestOutbox();
});

afterEach(() => outbox.empty());
afterAll(() => outbox?.drop());

describe('the delivery of a mail', () => {
  it('sends a mail with a fresh code to the stored address, and is done with it', async () => {
    const { url, received } = await outbox.smtp();
    const { worker, codes, seen } = outbox.working(url);
    await outbox.enqueue();
    expect(await worker.drain()).toBe(1);
    expect(received.map(({ to }) => to)).toEqual([['stored-ann@example.com']]);
    expect(received[0]?.parsed.text).toMatch(/^000001$/m);
    expect(received[0]?.parsed.text).toMatch(/^otp-token: secret-token-1$/m);
    expect(codes.activate).toHaveBeenCalledWith('id of ann@example.com', 'login', 'c1');
    expect(codes.discard).not.toHaveBeenCalled();
    expect(seen).toEqual({ log: [], sent: ['LOGIN_CODE'], failed: [], givenUp: [] });
    expect(await outbox.waiting()).toBe(0);
  });

  it('drops silently what is for nobody, or no longer for them', async () => {
    const { url, received } = await outbox.smtp();
    const { worker, codes, seen } = outbox.working(url);
    await outbox.enqueue({ email: 'nobody@example.com' });
    await outbox.enqueue({ kind: 'VERIFY_EMAIL' });
    expect(await worker.drain()).toBe(2);
    expect(received).toEqual([]);
    expect(codes.draw).not.toHaveBeenCalled();
    expect(seen).toEqual({ log: [], sent: [], failed: [], givenUp: [] });
    expect(await outbox.waiting()).toBe(0);
  });

  it('tries again later, with a new code, what the server refuses for now', async () => {
    let refusals = 2;
    const { url, received } = await outbox.smtp({
      onRcptTo: (_address, _session, done) => {
        refusals -= 1;
        done(refusals >= 0 ? smtpRefusal(451) : null);
      },
    });
    const { worker, codes, seen } = outbox.working(url);
    await outbox.enqueue();
    expect(await worker.drain()).toBe(1);
    expect(await worker.drain()).toBe(0);
    outbox.clock.offset += 1_300;
    expect(await worker.drain()).toBe(1);
    outbox.clock.offset += 1_300;
    expect(await worker.drain()).toBe(0);
    outbox.clock.offset += 1_300;
    expect(await worker.drain()).toBe(1);
    expect(seen).toMatchObject({ sent: ['LOGIN_CODE'], failed: ['LOGIN_CODE', 'LOGIN_CODE'], givenUp: [] });
    expect(codes.discard.mock.calls.map(([, , id]) => id)).toEqual(['c1', 'c2']);
    expect(codes.activate.mock.calls.map(([, , id]) => id)).toEqual(['c3']);
    expect(received[0]?.parsed.text).toMatch(/^000003$/m);
  });

  describe('by the budget of the recipient', () => {
    /** Of so many mails. */
    const budgetOf = (share: number) => {
      const giveBack = jest.fn(async () => {
        budget.left += 1;
      });
      const budget = { left: share, take: jest.fn(), giveBack };
      budget.take.mockImplementation(async (_email: string) => {
        if (budget.left === 0) return undefined;
        budget.left -= 1;
        return giveBack;
      });
      return budget;
    };

    it('holds back what anybody can cause, silently, and never what warns the owner', async () => {
      const { url } = await outbox.smtp();
      const budget = budgetOf(0);
      const { worker, codes, seen } = outbox.working(url, { budget });
      const kinds = ['LOGIN_CODE', 'RESET_CODE', 'ALREADY_REGISTERED', 'PASSWORD_CHANGED', 'TOKEN_REUSED'];
      for (const kind of kinds) await outbox.enqueue({ kind: kind as MailKind });
      await worker.drain();
      expect([...seen.sent].sort()).toEqual(['PASSWORD_CHANGED', 'TOKEN_REUSED']);
      const asked = kinds.slice(0, 3).map((kind) => ['stored-ann@example.com', kind]);
      expect(budget.take.mock.calls.sort()).toEqual(asked.sort());
      expect(codes.draw).not.toHaveBeenCalled();
      expect(seen).toMatchObject({ failed: [], givenUp: [] });
      expect(seen.log).toHaveLength(3);
      expect(JSON.stringify(seen.log)).not.toContain('@');
      expect(await outbox.waiting()).toBe(0);
    });

    it('charges nothing for what is for nobody, or no longer for them', async () => {
      const { url } = await outbox.smtp();
      const budget = budgetOf(5);
      const { worker } = outbox.working(url, { budget });
      await outbox.enqueue({ email: 'nobody@example.com' });
      await outbox.enqueue({ kind: 'VERIFY_EMAIL' });
      await worker.drain();
      expect(budget.take).not.toHaveBeenCalled();
    });

    it('counts a mail once, however often it is tried', async () => {
      let refusals = 3;
      const { url, received } = await outbox.smtp({
        onRcptTo: (_address, _session, done) => {
          refusals -= 1;
          done(refusals >= 0 ? smtpRefusal(451) : null);
        },
      });
      const budget = budgetOf(1);
      const { worker } = outbox.working(url, { budget });
      await outbox.enqueue();
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        await worker.drain();
        outbox.clock.offset += 10_000;
      }
      expect(received).toHaveLength(1);
      expect(budget.left).toBe(0);
    });

    it('lets no mail by uncounted whose first try came to nothing', async () => {
      const { url, received } = await outbox.smtp();
      const budget = budgetOf(0);
      budget.take.mockRejectedValueOnce(new DependencyUnavailable('redis', new Error('away')));
      const { worker } = outbox.working(url, { budget });
      await outbox.enqueue();
      await worker.drain();
      expect(await outbox.waiting()).toBe(1);
      outbox.clock.offset = 10_000;
      await worker.drain();
      expect(received).toEqual([]);
      expect(budget.giveBack).not.toHaveBeenCalled();
      expect(await outbox.waiting()).toBe(0);
    });
  });

  it('gives up at once what the server refuses for good', async () => {
    const { url } = await outbox.smtp({ onRcptTo: (_address, _session, done) => done(smtpRefusal(550)) });
    const { worker, codes, seen } = outbox.working(url);
    const mailId = await outbox.enqueue();
    await worker.drain();
    expect(seen.givenUp).toEqual([['LOGIN_CODE', 1]]);
    expect(seen.log).toEqual([
      { mailId, kind: 'LOGIN_CODE', attempt: 1, reason: 'EENVELOPE 550', message: 'mail given up' },
    ]);
    expect(codes.discard).toHaveBeenCalledTimes(1);
    expect(await outbox.waiting()).toBe(0);
  });

  it('gives up when the code would be dead before the next try, or is by now', async () => {
    const { url } = await outbox.smtp({ onRcptTo: (_address, _session, done) => done(smtpRefusal(451)) });
    const { worker, seen } = outbox.working(url);
    await outbox.enqueue({ now: outbox.clock.now() - 10 * MINUTE + 500 });
    await worker.drain();
    expect(seen.givenUp).toEqual([['LOGIN_CODE', 1]]);
    await outbox.enqueue();
    await outbox.enqueue();
    outbox.clock.offset = 10 * MINUTE + 1;
    await worker.drain();
    expect(seen.givenUp).toEqual([
      ['LOGIN_CODE', 1],
      ['LOGIN_CODE', 2],
    ]);
    expect(await outbox.waiting()).toBe(0);
  });

  it('keeps a mail while the server is silent, slow or away', async () => {
    const silent = await outbox.silentServer();
    const away = await startRawServer();
    await away.close();
    const slow = await outbox.smtp({ onRcptTo: () => {} });
    for (const { url } of [silent, away, slow]) {
      const { worker, seen } = outbox.working(url);
      const id = await outbox.enqueue();
      await worker.drain();
      expect(seen).toMatchObject({ sent: [], failed: ['LOGIN_CODE'], givenUp: [] });
      expect(await outbox.waiting()).toBe(1);
      await outbox.store.complete(id);
    }
  });

  it('keeps a mail while no code can be stored, and is done with one whose code cannot be made current', async () => {
    const { url, received } = await outbox.smtp();
    const { worker, codes, seen } = outbox.working(url);
    const away = new DependencyUnavailable('redis', new Error('secret cause'));
    codes.draw.mockRejectedValueOnce(away);
    codes.activate.mockRejectedValueOnce(away);
    await outbox.enqueue();
    await worker.drain();
    expect(received).toEqual([]);
    expect(await outbox.waiting()).toBe(1);
    outbox.clock.offset = 1_300;
    await worker.drain();
    expect(received).toHaveLength(1);
    expect(await outbox.waiting()).toBe(0);
    expect(JSON.stringify(seen.log)).not.toContain('secret');
  });

  it('never logs an address, a code or a token', async () => {
    const { url } = await outbox.smtp({
      onRcptTo: ({ address }, _session, done) => done(smtpRefusal(451, `no <${address}> 000001`)),
    });
    const { worker, seen } = outbox.working(url, {
      recipients: {
        find: async ({ email }) => {
          if (email.startsWith('bob')) throw new Error(`no row for ${email}`);
          return { userId: 'u', email, credentialVersion: 1, pending: false, role: 'USER', disabled: false };
        },
      },
    });
    await outbox.enqueue();
    await outbox.enqueue({ email: 'bob@example.com' });
    await worker.drain();
    expect(seen.log).toHaveLength(2);
    expect(JSON.stringify(seen.log)).not.toMatch(/@|00000|secret/);
  });
});
