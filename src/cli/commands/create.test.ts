import { outcomeOf } from '../../testing/answers';
import { ApiClient, newUser, signUp } from '../../testing/api-client';
import { atOnce } from '../../testing/at-once';
import { cliEvents, runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp, type TestApp } from '../../testing/test-app';

let test: TestApp;
beforeAll(async () => {
  test = await createTestApp();
});
afterAll(() => test.close());

const post = (path: string, body: unknown) => new ApiClient(test.app).post(path, body);
const password = 'violet-lantern-4711';

it('makes a verified account without a password; the token sets it', async () => {
  const { email } = newUser();
  const created = await runCliOn(test, 'create', '--email', email.toUpperCase(), '--role', 'ADMIN');
  expect(created).toEqual({ code: 0, out: expect.stringContaining(`Made ${email} (`), err: '' });
  const [resetToken] = /^tgl_[\w-]{78}$/m.exec(created.out) ?? [];
  for (const guess of [password, '', 'null']) {
    expect((await post('/auth/login', { email, password: guess })).status).not.toBe(200);
  }
  expect((await post('/auth/password/reset', { resetToken, newPassword: password })).status).toBe(204);
  const login = await post('/auth/login', { email, password });
  expect([login.status, login.body.user]).toEqual([
    200,
    expect.objectContaining({ email, username: 'admin', role: 'ADMIN', emailVerified: true }),
  ]);
});

it('prints a call that sets the password as it stands, but for the password', async () => {
  const { out } = await runCliOn(test, 'create', '--email', newUser().email);
  const [, url, body = ''] = /curl -sS -X POST '(\S+)' -H '[^']+' -d '(.+)'$/m.exec(out) ?? [];
  expect(url).toBe('http://tollgate.test/api/v1/auth/password/reset');
  // Pasted unchanged it sets nothing, and costs nothing.
  const pasted = JSON.parse(body);
  expect(outcomeOf(await post('/auth/password/reset', pasted))).toBe('400 validation_failed');
  expect((await post('/auth/password/reset', { ...pasted, newPassword: password })).status).toBe(204);
});

it('refuses the e-mail of an account, in any case of letters, and leaves that alone', async () => {
  const user = await signUp(test);
  for (const email of [user.email, user.email.toUpperCase()]) {
    const { code, data } = await runCliForJson(test, 'create', '--email', email, '--role', 'ADMIN');
    expect([code, data.error.code]).toEqual([1, 'email_taken']);
  }
  const login = await post('/auth/login', { email: user.email, password: user.password });
  expect([login.status, login.body.user.role]).toEqual([200, 'USER']);
});

it('takes the place of a registration that nobody has proved; its password and code do nothing', async () => {
  const user = newUser();
  await post('/auth/register', user);
  await test.deliverMails();
  const otp = /^\d{6}$/m.exec(test.mailer.to(user.email)[0]?.text ?? '')?.[0];
  const { code, data } = await runCliForJson(test, 'create', '--email', user.email, '--username', 'Grace');
  expect([code, data.account.username]).toEqual([0, 'Grace']);
  const verify = { email: user.email, purpose: 'verify_email', otp };
  expect(outcomeOf(await post('/otp/verify', verify))).toBe('400 invalid_otp');
  const { email, password: stranger } = user;
  expect(outcomeOf(await post('/auth/login', { email, password: stranger }))).toBe('401 invalid_credentials');
  const set = { resetToken: data.resetToken, newPassword: password };
  expect((await post('/auth/password/reset', set)).status).toBe(204);
});

it('refuses an address that is kept for whoever gave it up', async () => {
  const user = await signUp(test);
  const { id } = (await test.services.accounts.findByEmail(user.email)) ?? { id: '' };
  const toEmail = newUser().email;
  const now = new Date(test.clock.now());
  await test.database.run(async (db) => {
    await db.user.update({ where: { id }, data: { email: toEmail } });
    await db.emailChange.create({
      data: {
        id,
        userId: id,
        fromEmail: user.email,
        toEmail,
        requestedAt: now,
        confirmedAt: now,
        undoUntil: new Date(now.getTime() + 60_000),
      },
    });
  });
  const kept = await runCliForJson(test, 'create', '--email', user.email);
  expect([kept.code, kept.data.error.code]).toEqual([1, 'email_taken']);
  test.clock.advance(61_000);
  expect((await runCliOn(test, 'create', '--email', user.email)).code).toBe(0);
});

it('makes one of 32 commands and 32 registrations at once', async () => {
  for (let round = 0; round < 5; round++) {
    const user = newUser();
    const acts = await atOnce(64, async (index) =>
      index % 2 === 0
        ? `command ${(await runCliOn(test, 'create', '--email', user.email)).code}`
        : `registration ${(await post('/auth/register', user)).status}`,
    );
    expect(acts.filter((act) => act === 'command 0')).toHaveLength(1);
    expect(acts.filter((act) => act === 'command 1')).toHaveLength(31);
    expect(acts.filter((act) => act === 'registration 202')).toHaveLength(32);
    const account = await test.services.accounts.findByEmail(user.email);
    expect(account).toMatchObject({ emailVerified: true, passwordHash: null });
  }
}, 60_000);

it('is told to the audit trail: the account, the token, and the refusal', async () => {
  const { email } = newUser();
  const { data } = await runCliForJson(test, 'create', '--email', email);
  await runCliOn(test, 'create', '--email', email);
  const told = (await cliEvents(test)).slice(-3);
  const { id } = data.account;
  expect(
    told.map(({ details, requestId, ...event }) => ({ ...event, details: JSON.parse(details) })),
  ).toEqual([
    {
      type: 'user_created',
      outcome: 'success',
      actorId: null,
      subjectId: id,
      details: { what: 'by the operator', role: 'USER' },
    },
    {
      type: 'authn_token_created',
      outcome: 'success',
      actorId: null,
      subjectId: id,
      details: { what: 'reset token', via: 'command line' },
    },
    {
      type: 'authz_admin',
      outcome: 'failure',
      actorId: null,
      subjectId: null,
      details: { what: 'create', code: 'email_taken' },
    },
  ]);
  expect(JSON.stringify(told)).not.toContain(data.resetToken);
  expect(new Set(told.map(({ requestId }) => requestId)).size).toBe(2);
});
