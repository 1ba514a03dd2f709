import request, { type Response } from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, freshAddress, logIn, newUser, signUp, type TestUser } from '../testing/api-client';
import { codeIn, linkIn } from '../testing/captured-mailer';
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

const HOUR = 3_600_000;

describe.each(stateKinds)('the link that undoes a change of e-mail, over %s', (state) => {
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
  const open = (link: string) => request(test.app).get(link);
  const press = (link: string) =>
    request(test.app).post(link).set('X-Forwarded-For', freshAddress()).type('form');
  const me = async (accessToken: string) => outcomeOf(await client().get('/users/me', accessToken));
  const login = ({ email, password }: TestUser) => client().post('/auth/login', { email, password });
  const present = (email: string, purpose: string, otp: string) =>
    client().post('/otp/verify', { email, purpose, otp });
  const rowOf = (email: string) => test.database.run((db) => db.user.findUnique({ where: { email } }));
  const sentTo = (email: string, pattern: RegExp) =>
    test.mailer.to(email).filter(({ text }) => pattern.test(text));
  const UNDONE = /a change of the e-mail address of an\naccount .* was undone/;
  const RESET = /the code to choose a new password/;

  function expectPage(page: Response, status: number, title: RegExp) {
    expect([page.status, page.text]).toEqual([status, expect.stringMatching(title)]);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(page.text).not.toMatch(/<script|\son\w+=|javascript:|@/i);
  }
  const expectBroken = (page: Response) =>
    expectPage(page, 400, /<h1>This link does not work any more<\/h1>/);
  const expectUndone = (page: Response) => expectPage(page, 200, /<h1>The change was undone<\/h1>/);

  /** A new password by the code that came to this address. */
  async function getBackIn(email: string): Promise<SignedIn> {
    const otp = codeIn(sentTo(email, RESET)[0]);
    const { resetToken } = (await present(email, 'reset_password', otp)).body;
    const newPassword = `${newUser().password} again`;
    expect((await client().post('/auth/password/reset', { resetToken, newPassword })).status).toBe(204);
    const owner = { ...user, email, password: newPassword };
    return { ...owner, ...(await logIn(test, owner)) };
  }

  it('shows a page whose button posts home; looking changes nothing, and the button works once', async () => {
    const { undoLink } = await moved(test, user);
    for (let round = 0; round < 2; round++) {
      const page = await open(undoLink);
      expectPage(page, 200, /<h1>Undo the change of e-mail<\/h1>/);
      expect(page.text).toContain('<form method="post"><button type="submit">');
    }
    expect(await me(user.accessToken)).toBe('200');
    const done = await press(undoLink);
    expectUndone(done);
    expect(done.text).not.toContain('<form');
    for (const page of [await press(undoLink), await open(undoLink)]) expectBroken(page);
  });

  it('undoes a confirmed change: the address is back, password and sessions are gone, both addresses hear of it', async () => {
    const before = await rowOf(user.email);
    const { user: after, undoLink } = await moved(test, user);
    const sessions = [user, await logIn(test, after)];
    const reset = await client().post('/otp/request', { email: after.email, purpose: 'reset_password' });
    expect(reset.status).toBe(202);
    await test.deliverMails();
    const { resetToken } = (
      await present(after.email, 'reset_password', codeIn(test.mailer.to(after.email)[0]))
    ).body;
    expect(resetToken).toEqual(expect.any(String));
    expectUndone(await press(undoLink));
    for (const { accessToken, refreshToken } of sessions) {
      expect(await me(accessToken)).toBe('401 invalid_token');
      const refreshed = await client().post('/auth/refresh', { refreshToken });
      expect(outcomeOf(refreshed)).toBe('401 invalid_refresh_token');
    }
    for (const each of [user, after]) expect(outcomeOf(await login(each))).toBe('401 invalid_credentials');
    const taken = { resetToken, newPassword: `${newUser().password} again` };
    expect(outcomeOf(await client().post('/auth/password/reset', taken))).toBe('400 invalid_reset_token');
    expect(await rowOf(user.email)).toEqual({
      ...before,
      emailVerifiedAt: expect.any(Date),
      lastLoginAt: expect.any(Date),
      passwordHash: null,
      credentialVersion: Number(before?.credentialVersion) + 2,
      version: Number(before?.version) + 2,
    });
    await test.deliverMails();
    expect([sentTo(user.email, UNDONE).length, sentTo(after.email, UNDONE).length]).toEqual([1, 1]);
    expect([sentTo(user.email, RESET).length, sentTo(after.email, RESET).length]).toEqual([1, 1]);
    const owner = await getBackIn(user.email);
    expect((await client().get('/users/me', owner.accessToken)).body.id).toBe(before?.id);
    // Nothing is kept of the address that was given up: anybody may have it.
    await signUp(test, { ...newUser(), email: after.email });
  });

  it('undoes one that was only asked for, as whoever asked knew the password: its code is dead', async () => {
    const { newEmail, code, undoLink } = await mailedChange(test, user);
    expectUndone(await press(undoLink));
    expect(outcomeOf(await confirmEmail(test, user, code))).toBe('401 invalid_token');
    expect(outcomeOf(await login(user))).toBe('401 invalid_credentials');
    await test.deliverMails();
    // Nobody has proved the new address: what it is told is the code that it was asked for, and no more.
    expect(test.mailer.to(newEmail)).toHaveLength(1);
    expect(sentTo(user.email, UNDONE)).toHaveLength(1);
    const owner = await getBackIn(user.email);
    expect(outcomeOf(await confirmEmail(test, owner, code))).toBe('400 invalid_otp');
    expect(await rowOf(newEmail)).toBeNull();
  });

  it('sends neither code nor notice that is still to go out once the change is undone', async () => {
    const { undoLink } = await mailedChange(test, user);
    const [newEmail, notices] = [freshEmail(), sentTo(user.email, /undo-email-change/).length];
    await askForEmail(test, user, newEmail);
    expectUndone(await press(undoLink));
    await test.deliverMails();
    expect(test.mailer.to(newEmail)).toEqual([]);
    expect(sentTo(user.email, /undo-email-change/)).toHaveLength(notices);
  });

  it('is good for 72 hours from the request, whenever that was confirmed', async () => {
    const { code, undoLink } = await mailedChange(test, user);
    test.clock.advance(9 * 60_000);
    expect((await confirmEmail(test, user, code)).status).toBe(200);
    test.clock.advance(72 * HOUR - 9 * 60_000 - 30_000);
    expect((await open(undoLink)).status).toBe(200);
    test.clock.advance(30_000);
    for (const page of [await open(undoLink), await press(undoLink)]) expectBroken(page);
    expect(await rowOf(user.email)).toBeNull();
  });

  it('works until its end', async () => {
    const { undoLink } = await moved(test, user);
    test.clock.advance(72 * HOUR - 30_000);
    expectUndone(await press(undoLink));
  });

  it('takes back all later changes too: an attacker cannot undo the undoing', async () => {
    const evil = await moved(test, user);
    const evil2 = await moved(test, evil.user);
    const pending = await mailedChange(test, evil2.user);
    const links = [evil.undoLink, evil2.undoLink, pending.undoLink];
    for (const link of links) expect((await open(link)).status).toBe(200);
    expectUndone(await press(evil.undoLink));
    await test.deliverMails();
    expect((await rowOf(user.email))?.passwordHash).toBeNull();
    const owner = await getBackIn(user.email);
    for (const link of links) {
      expectBroken(await open(link));
      expectBroken(await press(link));
    }
    expect(outcomeOf(await confirmEmail(test, owner, pending.code))).toBe('400 invalid_otp');
    for (const { user: attacker } of [evil, evil2]) {
      expect(outcomeOf(await login(attacker))).toBe('401 invalid_credentials');
      const code = { email: attacker.email, purpose: 'reset_password' };
      await client().post('/otp/request', code);
    }
    await test.deliverMails();
    expect(await me(owner.accessToken)).toBe('200');
    // Of the attacker's addresses the last, which the account had, is told; none gets a code.
    expect([evil, evil2].map((each) => sentTo(each.user.email, UNDONE).length)).toEqual([0, 1]);
    expect([evil, evil2].flatMap((each) => sentTo(each.user.email, RESET))).toEqual([]);
  });

  it('works after the attacker has used the link of a later change, and has a new password', async () => {
    const evil = await moved(test, user);
    const evil2 = await moved(test, evil.user);
    expectUndone(await press(evil2.undoLink));
    await test.deliverMails();
    const attacker = await getBackIn(evil.user.email);
    const next = await moved(test, attacker);
    expectUndone(await press(evil.undoLink));
    for (const link of [evil2.undoLink, next.undoLink]) expectBroken(await press(link));
    expect(await me(attacker.accessToken)).toBe('401 invalid_token');
    await test.deliverMails();
    await getBackIn(user.email);
  });

  it('undoes the last of two changes, and then the first as well', async () => {
    const first = await moved(test, user);
    const second = await moved(test, first.user);
    expectUndone(await press(second.undoLink));
    expect(await rowOf(first.user.email)).not.toBeNull();
    expectUndone(await press(first.undoLink));
    expect(await rowOf(user.email)).not.toBeNull();
  });

  it('works where the user has gone back to the old address by another change', async () => {
    const there = await moved(test, user);
    const back = await moved(test, there.user, user.email);
    expectUndone(await press(there.undoLink));
    expect(outcomeOf(await login(user))).toBe('401 invalid_credentials');
    expectBroken(await press(back.undoLink));
    await test.deliverMails();
    await getBackIn(user.email);
  });

  it('leaves a disabled account disabled, and an admin an admin', async () => {
    const { undoLink } = await moved(test, user);
    const { id } = await test.database.run((db) =>
      db.emailChange
        .findFirstOrThrow({ where: { fromEmail: user.email } })
        .then(({ userId }) =>
          db.user.update({ where: { id: userId }, data: { disabledAt: new Date(), role: 'ADMIN' } }),
        ),
    );
    expectUndone(await press(undoLink));
    expect(await rowOf(user.email)).toMatchObject({ id, role: 'ADMIN', disabledAt: expect.any(Date) });
    await test.deliverMails();
    const otp = codeIn(sentTo(user.email, RESET)[0]);
    const { resetToken } = (await present(user.email, 'reset_password', otp)).body;
    const newPassword = `${newUser().password} again`;
    expect((await client().post('/auth/password/reset', { resetToken, newPassword })).status).toBe(204);
    expect(outcomeOf(await login({ ...user, password: newPassword }))).toBe('403 account_disabled');
  });

  it('mails the way back in whatever strangers have made of the budget', async () => {
    const { undoLink } = await moved(test, user);
    const budget = [{ policy: 'mail', parts: [user.email] }] as const;
    let taken = 0;
    while ((await test.services.limiter.take(budget)).allowed) taken += 1;
    // The notice has not been charged.
    expect(taken).toBe(4);
    expectUndone(await press(undoLink));
    await test.deliverMails();
    await getBackIn(user.email);
  });

  it('does nothing once the account is gone', async () => {
    const { undoLink } = await moved(test, user);
    const removal = { password: user.password };
    expect((await client().call('delete', '/users/me', removal, user.accessToken)).status).toBe(204);
    for (const page of [await open(undoLink), await press(undoLink)]) expectBroken(page);
  });

  it('is no link of another kind, nor another one this', async () => {
    const pending = newUser();
    await client().post('/auth/register', pending);
    await test.deliverMails();
    const verifyLink = linkIn(test.mailer.to(pending.email)[0]);
    const { undoLink } = await moved(test, user);
    const swapped = [
      verifyLink.replace('/verify-email', '/undo-email-change'),
      undoLink.replace('/undo-email-change', '/verify-email'),
    ];
    for (const link of swapped) {
      expect(link).toMatch(/^\/(verify-email|undo-email-change)\?token=tgl_/);
      for (const page of [await open(link), await press(link)]) expectBroken(page);
    }
    // Nor does a token of the right kind for what is no change.
    const subjectId = (await rowOf(pending.email))?.id ?? '';
    const token = test.services.linkTokens.issue({
      purpose: 'undo_email_change',
      subjectId,
      version: 0,
      expiresAt: test.clock.now() + HOUR,
    });
    expectBroken(await press(`/undo-email-change?token=${token}`));
    expect((await press(verifyLink)).status).toBe(200);
    expectUndone(await press(undoLink));
  });

  it('says on a page that nothing else is a link', async () => {
    const { undoLink } = await moved(test, user);
    const token = undoLink.slice(undoLink.indexOf('=') + 1);
    const queries = [
      '',
      '?token=',
      `?token=${token}&token=${token}`,
      `?token[]=${token}`,
      `?token=${token.slice(0, -1)}`,
      `?token=${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`,
      '?token=%00',
      `?token=${'x'.repeat(5_000)}`,
      '?token=%3Cscript%3Ealert(1)%3C/script%3E',
    ];
    for (const query of queries) {
      const link = `/undo-email-change${query}`;
      for (const page of [await open(link), await press(link)]) expectBroken(page);
    }
    const other = await request(test.app).delete('/undo-email-change');
    expect([outcomeOf(other), other.headers['allow']]).toEqual(['405 method_not_allowed', 'GET, HEAD, POST']);
    expectUndone(await press(undoLink));
  });

  it('is told in the audit trail as the act of the user, without an address', async () => {
    const { undoLink } = await moved(test, user);
    await press(undoLink);
    const id = (await rowOf(user.email))?.id ?? '';
    const event = await test.database.run((db) =>
      db.auditEvent.findFirstOrThrow({ where: { subjectId: id }, orderBy: { id: 'desc' } }),
    );
    expect(event).toMatchObject({ type: 'user_updated', outcome: 'success', actorId: id });
    const change = await test.database.run((db) =>
      db.emailChange.findFirstOrThrow({ where: { userId: id } }),
    );
    expect(JSON.parse(event.details)).toEqual({
      what: 'email change undone',
      changeId: change.id,
      endedSessions: 1,
    });
    expect(test.logged.join('')).not.toContain(undoLink.slice(-40));
  });
});
