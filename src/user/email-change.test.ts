import { ensureFirstAdmin } from '../first-admin';
import { countOutcomes, outcomeOf, plainAnswer } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp, type TestUser } from '../testing/api-client';
import { codeIn, linkIn, tokenIn } from '../testing/captured-mailer';
import {
  askForEmail,
  confirmEmail,
  freshEmail,
  mailedChange,
  moved,
  type SignedIn,
  signIn,
} from '../testing/email-changes';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Six digits that are not these. */
const otherThan = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe.each(stateKinds)('a change of e-mail over %s', (state) => {
  let test: TestApp;
  let user: SignedIn;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  beforeEach(async () => {
    user = await signIn(test);
  });
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);
  const ask = (newEmail: string, who = user) => askForEmail(test, who, newEmail);
  const confirm = (otp: string, who = user) => confirmEmail(test, who, otp);
  const me = (accessToken = user.accessToken) => client().get('/users/me', accessToken);
  const requestOtp = (email: string, purpose: string) => client().post('/otp/request', { email, purpose });
  const present = (email: string, purpose: string, otp: string) =>
    client().post('/otp/verify', { email, purpose, otp });
  const login = ({ email, password }: TestUser) => client().post('/auth/login', { email, password });
  const register = (email: string) => client().post('/auth/register', { ...newUser(), email });
  const rowOf = (email: string) => test.database.run((db) => db.user.findUnique({ where: { email } }));

  it('mails a code to the new address and a notice to the old, and changes nothing by itself', async () => {
    const newEmail = freshEmail();
    const response = await ask(newEmail);
    expect(response.status).toBe(202);
    expect(response.body).toEqual({ message: expect.stringMatching(/^If the address can be used/) });
    await test.deliverMails();
    const [code, ...more] = test.mailer.to(newEmail);
    expect([codeIn(code), tokenIn(code), more]).toEqual([
      expect.any(String),
      expect.stringMatching(/^[\w-]{43}$/),
      [],
    ]);
    expect(() => linkIn(code)).toThrow();
    const [notice] = test.mailer.to(user.email);
    expect(linkIn(notice)).toMatch(/^\/undo-email-change\?token=tgl_[\w-]+$/);
    expect(() => codeIn(notice)).toThrow();
    // Whoever asked has chosen the new address: nothing they wrote reaches the old mailbox.
    expect(JSON.stringify(notice)).not.toContain(newEmail.split('@')[0]);
    expect((await me()).body.email).toBe(user.email);
    expect((await login(user)).status).toBe(200);
    expect(await test.database.run((db) => db.outboxMail.count())).toBe(0);
  });

  it.each(['code', 'token'] as const)(
    'is confirmed by the %s; the session goes on, the others end',
    async (kind) => {
      const other = await logIn(test, user);
      const newEmail = freshEmail();
      await ask(newEmail.toUpperCase());
      await test.deliverMails();
      const [mail] = test.mailer.to(newEmail);
      const before = await me();
      const response = await confirm(kind === 'code' ? codeIn(mail) : tokenIn(mail));
      expect(response.status).toBe(200);
      expect(response.body).toEqual({ ...before.body, email: newEmail });
      expect((await me()).body).toEqual(response.body);
      expect(outcomeOf(await me(other.accessToken))).toBe('401 invalid_token');
      const { refreshToken } = other;
      expect(outcomeOf(await client().post('/auth/refresh', { refreshToken }))).toBe(
        '401 invalid_refresh_token',
      );
      const refreshed = await client().post('/auth/refresh', { refreshToken: user.refreshToken });
      expect(refreshed.body.user).toEqual(response.body);
      expect(outcomeOf(await login(user))).toBe('401 invalid_credentials');
      expect((await login({ ...user, email: newEmail })).body.user).toEqual(response.body);
      await requestOtp(user.email, 'login');
      const { length } = test.mailer.sent;
      await test.deliverMails();
      expect(test.mailer.sent).toHaveLength(length);
    },
  );

  it('is refused a wrong password, and then nothing is written', async () => {
    const newEmail = freshEmail();
    const { length } = test.mailer.sent;
    const response = await ask(newEmail, { ...user, password: 'not this one' });
    expect(outcomeOf(response)).toBe('403 invalid_credentials');
    await test.deliverMails();
    expect(test.mailer.sent).toHaveLength(length);
    expect(await test.database.run((db) => db.emailChange.count({ where: { toEmail: newEmail } }))).toBe(0);
  });

  it('is refused the own address, no address, members it does not know, and whoever is not signed in', async () => {
    const { password, accessToken } = user;
    const guest = (await client().post('/auth/guest')).body.accessToken;
    const call = (body: object, token?: string) => client().post('/users/me/email', body, token);
    for (const newEmail of [user.email, user.email.toUpperCase()]) {
      const own = await call({ newEmail, password }, accessToken);
      expect(outcomeOf(own)).toBe('400 validation_failed');
      expect(own.body.errors).toEqual([{ path: 'newEmail', message: 'is your address already' }]);
    }
    const newEmail = freshEmail();
    const bodies = [
      {},
      { newEmail },
      { password },
      { newEmail: [newEmail], password },
      { newEmail: `${newEmail}\r\nBcc: eve@example.com`, password },
      { newEmail: `Ada <${newEmail}>`, password },
      { newEmail, password, emailVerified: true },
      { newEmail, password, userId: 'x' },
    ];
    const answers = await Promise.all(bodies.map((body) => call(body, accessToken)));
    expect(countOutcomes(answers)).toEqual({ '400 validation_failed': bodies.length });
    expect(outcomeOf(await call({ newEmail, password }, guest))).toBe('403 forbidden');
    expect(outcomeOf(await call({ newEmail, password }))).toBe('401 unauthenticated');
    expect(outcomeOf(await client().post('/users/me/email/confirm', { otp: '123456' }, guest))).toBe(
      '403 forbidden',
    );
    expect(outcomeOf(await client().post('/users/me/email/confirm', { otp: '123456' }))).toBe(
      '401 unauthenticated',
    );
    for (const body of [{}, { otp: 123456 }, { otp: '' }, { otp: '123456', newEmail }]) {
      const refused = await client().post('/users/me/email/confirm', body, accessToken);
      expect(outcomeOf(refused)).toBe('400 validation_failed');
    }
  });

  it('answers whatever is wrong with a code byte for byte alike', async () => {
    const other = await signIn(test);
    const answers = [await confirm('123456'), await confirm('x')];
    const refused = async (...otps: string[]) => {
      for (const otp of otps) answers.push(await confirm(otp));
    };
    const replaced = await mailedChange(test, user);
    const replacedToken = tokenIn(test.mailer.to(replaced.newEmail)[0]);
    const { newEmail, code } = await mailedChange(test, user);
    const token = tokenIn(test.mailer.to(newEmail)[0]);
    await refused(otherThan(code), `${code} `, token.slice(1), replaced.code, replacedToken);
    const foreign = await mailedChange(test, other);
    await refused(foreign.code, tokenIn(test.mailer.to(foreign.newEmail)[0]));
    await requestOtp(user.email, 'login');
    await test.deliverMails();
    const login = test.mailer.to(user.email)[0];
    await refused(codeIn(login), tokenIn(login));
    expect((await confirm(token)).status).toBe(200);
    await refused(code, token);

    const exhausted = await mailedChange(test, { ...user, email: newEmail });
    for (let guess = 0; guess < 5; guess++) await refused(otherThan(exhausted.code));
    await refused(exhausted.code);
    const late = await mailedChange(test, { ...user, email: newEmail });
    test.clock.advance(10 * MINUTE);
    await refused(late.code, tokenIn(test.mailer.to(late.newEmail)[0]));

    expect(countOutcomes(answers)).toEqual({ '400 invalid_otp': 21 });
    expect(new Set(answers.map((answer) => JSON.stringify(plainAnswer(answer)))).size).toBe(1);
    expect((await me()).body.email).toBe(newEmail);
  });

  it('takes a code until ten minutes after the request', async () => {
    const { newEmail, code } = await mailedChange(test, user);
    test.clock.advance(10 * MINUTE - 5_000);
    expect((await confirm(code)).body.email).toBe(newEmail);
  });

  it('counts wrong digits with those of other codes, 20 a day, and takes the token all the same', async () => {
    for (let round = 0; round < 2; round++) {
      const { code } = await mailedChange(test, user);
      for (let guess = 0; guess < 5; guess++) await confirm(otherThan(code));
      await requestOtp(user.email, 'reset_password');
      await test.deliverMails();
      const reset = codeIn(test.mailer.to(user.email)[0]);
      for (let guess = 0; guess < 5; guess++) await present(user.email, 'reset_password', otherThan(reset));
    }
    const { newEmail, code } = await mailedChange(test, user);
    expect(outcomeOf(await confirm(code))).toBe('400 invalid_otp');
    expect((await confirm(tokenIn(test.mailer.to(newEmail)[0]))).status).toBe(200);
  });

  it('has a purpose that nobody can ask for, or present, by an address', async () => {
    const { newEmail, code } = await mailedChange(test, user);
    for (const email of [user.email, newEmail]) {
      expect(outcomeOf(await requestOtp(email, 'change_email'))).toBe('400 validation_failed');
      expect(outcomeOf(await present(email, 'change_email', code))).toBe('400 validation_failed');
      for (const purpose of ['verify_email', 'login', 'reset_password']) {
        expect(outcomeOf(await present(email, purpose, code))).toBe('400 invalid_otp');
      }
    }
    expect((await confirm(code)).status).toBe(200);
  });

  it('goes on with the newest request alone, also where that asks for the same address again', async () => {
    const first = await mailedChange(test, user);
    const second = await mailedChange(test, user);
    expect(outcomeOf(await confirm(first.code))).toBe('400 invalid_otp');
    const third = await mailedChange(test, user, first.newEmail);
    expect(outcomeOf(await confirm(second.code))).toBe('400 invalid_otp');
    expect((await confirm(third.code)).body.email).toBe(first.newEmail);
  });

  it('mails no code for a request that was replaced before its mails went out', async () => {
    const [first, second] = [freshEmail(), freshEmail()];
    await ask(first);
    await ask(second);
    await test.deliverMails();
    expect([test.mailer.to(first).length, test.mailer.to(second).length]).toEqual([0, 1]);
    // Each has a link of its own all the same.
    const links = test.mailer.to(user.email).slice(0, 2).map(linkIn);
    expect(new Set(links).size).toBe(2);
  });

  it('voids codes and reset tokens of before, and is voided itself by a change of the password', async () => {
    const otpOf = async (email: string, purpose: string) => {
      await requestOtp(email, purpose);
      await test.deliverMails();
      return codeIn(test.mailer.to(email)[0]);
    };
    const reset = await otpOf(user.email, 'reset_password');
    const { resetToken } = (await present(user.email, 'reset_password', reset)).body;
    expect(resetToken).toEqual(expect.any(String));
    const loginCode = await otpOf(user.email, 'login');
    const { user: after } = await moved(test, user);
    const newPassword = `${newUser().password} again`;
    const answer = await client().post('/auth/password/reset', { resetToken, newPassword });
    expect(outcomeOf(answer)).toBe('400 invalid_reset_token');
    for (const email of [user.email, after.email]) {
      expect(outcomeOf(await present(email, 'login', loginCode))).toBe('400 invalid_otp');
    }

    const { code } = await mailedChange(test, after);
    const change = { currentPassword: user.password, newPassword };
    expect((await client().call('put', '/users/me/password', change, user.accessToken)).status).toBe(204);
    expect(outcomeOf(await confirm(code))).toBe('400 invalid_otp');
    expect((await me()).body.email).toBe(after.email);
  });

  it('is not confirmed by somebody who was disabled meanwhile', async () => {
    const { code } = await mailedChange(test, user);
    const account = await test.services.accounts.findByEmail(user.email);
    const by = { actorId: null, address: 'local', requestId: 'test' };
    const { services } = test;
    await services.sessions.changingStanding(String(account?.id), () =>
      services.standings.change(String(account?.id), { disabled: true }, by),
    );
    expect(outcomeOf(await confirm(code))).toBe('401 invalid_token');
    const version = account?.credentialVersion ?? 0;
    const change = await services.emailChanges.findPending(String(account?.id));
    if (change === undefined) throw new Error('there is no change');
    expect(await services.emailChanges.confirm(change, version, 'no session', by)).toEqual({
      outcome: 'stale',
    });
  });

  describe('tells nobody who is registered', () => {
    /** An address of each kind that a change can be asked for. */
    async function addresses() {
      const pending = newUser();
      await client().post('/auth/register', pending);
      const gaveUp = await signIn(test);
      await moved(test, gaveUp);
      const taken = await signUp(test);
      await test.deliverMails();
      return { free: freshEmail(), pending: pending.email, taken: taken.email, reserved: gaveUp.email };
    }

    it('by the answer', async () => {
      const answers = [];
      for (const address of Object.values(await addresses())) answers.push(plainAnswer(await ask(address)));
      expect(answers[0]?.status).toBe(202);
      expect(answers).toEqual(Array(4).fill(answers[0]));
    });

    it('by a code: the owner hears of it, whoever gave the address up does not', async () => {
      const to = await addresses();
      for (const [kind, address] of Object.entries(to)) {
        const { length } = test.mailer.to(address);
        await ask(address);
        await test.deliverMails();
        const mails = test.mailer.to(address);
        expect([kind, mails.length - length]).toEqual([kind, kind === 'reserved' ? 0 : 1]);
        const coded = /^\d{6}$|^otp-token/m.test(mails[0]?.text ?? '');
        if (kind !== 'reserved') expect([kind, coded]).toEqual([kind, kind !== 'taken']);
      }
      expect(test.mailer.to(to.taken)[0]?.text).toMatch(
        /You have one already, and nothing about it was changed/,
      );
      expect(test.mailer.to(to.taken)[0]?.text).not.toMatch(/https?:/);
      expect(test.mailer.to(user.email)).toHaveLength(1 + 4);
    });

    it('by the count of wrong digits, which a code of another purpose would show', async () => {
      const to = await addresses();
      // Where the recipient has had its mails, too: only a registered address can be made to get them by strangers.
      const full = await signUp(test);
      for (let mail = 0; mail < 5; mail++) {
        await requestOtp(full.email, 'login');
        await test.deliverMails();
      }
      const counted: Record<string, string> = {};
      for (const [kind, address] of Object.entries({ ...to, full: full.email })) {
        const prober = await signIn(test);
        for (let round = 0; round < 4; round++) {
          await ask(address, prober);
          await test.deliverMails();
          for (let guess = 0; guess < 5; guess++) await confirm(`00000${guess}`, prober);
        }
        await requestOtp(prober.email, 'login');
        await test.deliverMails();
        const digits = codeIn(test.mailer.to(prober.email)[0]);
        counted[kind] = outcomeOf(await present(prober.email, 'login', digits));
      }
      const exhausted = '400 invalid_otp';
      expect(counted).toEqual({
        free: exhausted,
        pending: exhausted,
        taken: exhausted,
        reserved: exhausted,
        full: exhausted,
      });
    }, 60_000);
  });

  it('sends the new address no more mails than the budget, and the old a notice each time', async () => {
    const newEmail = freshEmail();
    const notices = test.mailer.to(user.email).length;
    for (let round = 0; round < 7; round++) {
      expect((await ask(newEmail)).status).toBe(202);
      await test.deliverMails();
    }
    expect(test.mailer.to(newEmail)).toHaveLength(5);
    expect(test.mailer.to(user.email)).toHaveLength(notices + 7);
  });

  it('is limited by wrong passwords per user, by code mails per address, and by tries of a code', async () => {
    const wrong = { ...user, password: 'not this one' };
    for (let round = 0; round < 5; round++) {
      expect(outcomeOf(await ask(freshEmail(), wrong))).toBe('403 invalid_credentials');
    }
    const refused = await ask(freshEmail());
    expect(outcomeOf(refused)).toBe('429 rate_limited');
    expect(refused.headers['ratelimit-policy']).toBe(
      '"global";q=300;w=6, "reauth";q=5;w=500, "otp-request";q=3;w=30, "otp-request-address";q=20;w=200',
    );

    const other = await signIn(test);
    const { password, accessToken } = other;
    const one = client();
    const newEmail = freshEmail();
    const asked = [];
    for (let round = 0; round < 4; round++) {
      asked.push(await one.post('/users/me/email', { newEmail, password }, accessToken));
    }
    expect(countOutcomes(asked)).toEqual({ 202: 3, '429 rate_limited': 1 });
    // The same budget as that of a code asked for by the address.
    expect(outcomeOf(await one.post('/otp/request', { email: newEmail, purpose: 'login' }))).toBe(
      '429 rate_limited',
    );
    const tries = [];
    for (let round = 0; round < 11; round++) {
      tries.push(await one.post('/users/me/email/confirm', { otp: 'x' }, accessToken));
    }
    expect(countOutcomes(tries)).toEqual({ '400 invalid_otp': 10, '429 rate_limited': 1 });
  });

  it('takes the place of a pending registration: the code has proved whose mailbox it is', async () => {
    const squatter = newUser();
    await client().post('/auth/register', squatter);
    await test.deliverMails();
    const [theirs] = test.mailer.to(squatter.email);
    const { user: after } = await moved(test, user, squatter.email);
    expect(outcomeOf(await login(squatter))).toBe('401 invalid_credentials');
    expect(outcomeOf(await present(squatter.email, 'verify_email', codeIn(theirs)))).toBe('400 invalid_otp');
    const link = linkIn(theirs);
    const { token } = Object.fromEntries(new URL(link, 'http://x').searchParams);
    expect(test.services.linkTokens.verify(String(token), 'verify_email')).toBeDefined();
    expect((await login(after)).status).toBe(200);
  });

  it('is refused an address that somebody took meanwhile, and then ends no session', async () => {
    const other = await logIn(test, user);
    const { newEmail, code } = await mailedChange(test, user);
    await signUp(test, { ...newUser(), email: newEmail });
    expect(outcomeOf(await confirm(code))).toBe('400 invalid_otp');
    expect((await me()).body.email).toBe(user.email);
    expect((await me(other.accessToken)).status).toBe(200);
  });

  describe('keeps the old address for 72 hours', () => {
    it('from registration: the same answer, no account, no mail; then it is free', async () => {
      const { user: after } = await moved(test, user);
      const { length } = test.mailer.sent;
      const answers = [await register(user.email), await register(freshEmail()), await register(after.email)];
      expect(answers.map(plainAnswer)).toEqual(Array(3).fill(plainAnswer(await register(freshEmail()))));
      await test.deliverMails();
      expect(test.mailer.to(user.email).filter((mail) => test.mailer.sent.indexOf(mail) >= length)).toEqual(
        [],
      );
      expect(await rowOf(user.email)).toBeNull();
      test.clock.advance(72 * HOUR - MINUTE);
      await register(user.email);
      expect(await rowOf(user.email)).toBeNull();
      test.clock.advance(MINUTE);
      await signUp(test, { ...newUser(), email: user.email });
    });

    it('from the changes of others, until then and not after', async () => {
      await moved(test, user);
      const other = await signIn(test);
      await ask(user.email, other);
      await test.deliverMails();
      expect(() => codeIn(test.mailer.to(user.email)[0])).toThrow();
      const id = String((await rowOf(other.email))?.id);
      const change = await test.services.emailChanges.findPending(id);
      if (change === undefined) throw new Error('there is no change');
      const by = { actorId: id, address: 'local', requestId: 'test' };
      expect(await test.services.emailChanges.confirm(change, 1, 'no session', by)).toEqual({
        outcome: 'taken',
      });
      test.clock.advance(72 * HOUR);
      const { user: after } = await moved(test, { ...other, ...(await logIn(test, other)) }, user.email);
      expect((await login(after)).status).toBe(200);
    });

    it('from the first admin', async () => {
      await moved(test, user);
      const admin = { email: user.email, password: 'copper-harbour-93' };
      await expect(ensureFirstAdmin(test.services, admin)).rejects.toThrow('belongs to a user');
    });

    it('for the user, who may go back to it', async () => {
      const { user: after } = await moved(test, user);
      const { user: back } = await moved(test, after, user.email);
      expect((await login(back)).body.user.email).toBe(user.email);
    });

    it('not where the change was only asked for', async () => {
      await mailedChange(test, user);
      const { id } = (await rowOf(user.email)) ?? { id: '' };
      const by = { actorId: null, address: 'local', requestId: 'test' };
      await test.services.standings.remove(id, by);
      await signUp(test, { ...newUser(), email: user.email });
    });

    it('not longer than the account is there', async () => {
      await moved(test, user);
      const removal = { password: user.password };
      expect((await client().call('delete', '/users/me', removal, user.accessToken)).status).toBe(204);
      await signUp(test, { ...newUser(), email: user.email });
    });
  });

  it('leaves nothing of it when the account is removed: no change, no mail to either address', async () => {
    const newEmail = freshEmail();
    await ask(newEmail);
    const removal = { password: user.password };
    expect((await client().call('delete', '/users/me', removal, user.accessToken)).status).toBe(204);
    const emails = { in: [user.email, newEmail] };
    const counts = await test.database.run((db) =>
      Promise.all([
        db.outboxMail.count({ where: { email: emails } }),
        db.emailChange.count({ where: { toEmail: newEmail } }),
      ]),
    );
    expect(counts).toEqual([0, 0]);
  });

  it('is told in the audit trail by ids alone, wrong tries too', async () => {
    await confirm('123456');
    await moved(test, user);
    const id = (await me()).body.id;
    const events = await test.database.run((db) =>
      db.auditEvent.findMany({ where: { subjectId: id }, orderBy: { id: 'asc' } }),
    );
    const told = events.map(({ type, outcome, actorId, details }) => ({
      type,
      outcome,
      own: actorId === id,
      ...JSON.parse(details),
    }));
    const changeId = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(told.slice(-3)).toEqual([
      {
        type: 'authn_login_fail',
        outcome: 'failure',
        own: true,
        method: 'otp',
        purpose: 'change_email',
        reason: 'unknown',
      },
      { type: 'user_updated', outcome: 'success', own: true, what: 'email change requested', changeId },
      {
        type: 'user_updated',
        outcome: 'success',
        own: true,
        what: 'email changed',
        changeId,
        endedSessions: 0,
      },
    ]);
    expect(JSON.stringify(events.map(({ details }) => details))).not.toContain('@');
  });
});
