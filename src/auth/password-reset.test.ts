import { randomBytes } from 'node:crypto';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp, type TestUser } from '../testing/api-client';
import { atOnce, roundsOver } from '../testing/at-once';
import { codeIn, tokenIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const newPassword = () => randomBytes(12).toString('base64url');

describe.each(stateKinds)('password reset over %s', (state) => {
  const rounds = roundsOver(state, 10);
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  const login = ({ email }: TestUser, password: string) =>
    new ApiClient(test.app).post('/auth/login', { email, password });
  const reset = (resetToken: string, password: string) =>
    new ApiClient(test.app).post('/auth/password/reset', { resetToken, newPassword: password });
  const requestCode = (email: string) =>
    new ApiClient(test.app).post('/otp/request', { email, purpose: 'reset_password' });
  const me = async (accessToken: string) =>
    outcomeOf(await new ApiClient(test.app).get('/users/me', accessToken));

  /** Asks for a code and exchanges it. */
  async function resetTokenOf({ email }: TestUser): Promise<string> {
    await requestCode(email);
    await test.deliverMails();
    const otp = codeIn(test.mailer.to(email)[0]);
    const { body } = await new ApiClient(test.app).post('/otp/verify', {
      email,
      purpose: 'reset_password',
      otp,
    });
    expect(body).toEqual({ resetToken: expect.any(String), expiresIn: 600 });
    return body.resetToken;
  }

  it('sets the new password, ends every session, tells the owner, and does not log in', async () => {
    const user = await signUp(test);
    const sessions = [await logIn(test, user), await logIn(test, user)];
    const password = newPassword();
    const response = await reset(await resetTokenOf(user), password);
    expect([response.status, response.text]).toEqual([204, '']);
    for (const { accessToken, refreshToken } of sessions) {
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(outcomeOf(await new ApiClient(test.app).post('/auth/refresh', { refreshToken }))).toBe(
        '401 invalid_refresh_token',
      );
    }
    expect(outcomeOf(await login(user, user.password))).toBe('401 invalid_credentials');
    expect((await login(user, password)).status).toBe(200);
    await test.deliverMails();
    expect(test.mailer.to(user.email)[0]?.text).toMatch(/password .* was changed/);
  });

  it('refuses a wrong, a used and an expired token alike', async () => {
    const user = await signUp(test);
    const token = await resetTokenOf(user);
    expect((await reset(token, newPassword())).status).toBe(204);
    const expired = await resetTokenOf(user);
    test.clock.advance(601_000);
    const wrong = ['A'.repeat(43), token.slice(1), `${token}A`, token.toUpperCase(), 'x', token, expired];
    const answers = [];
    for (const each of wrong) answers.push(await reset(each, newPassword()));
    expect(countOutcomes(answers)).toEqual({ '400 invalid_reset_token': wrong.length });
  });

  it('lets a token die with another change of the password', async () => {
    const user = await signUp(test);
    const [one, other] = [await resetTokenOf(user), await resetTokenOf(user)];
    const password = newPassword();
    expect((await reset(other, password)).status).toBe(204);
    expect(outcomeOf(await reset(one, newPassword()))).toBe('400 invalid_reset_token');
    expect((await login(user, password)).status).toBe(200);
  });

  it('lets codes that are under way die with a change of the password, their tokens too', async () => {
    const user = await signUp(test);
    const resetToken = await resetTokenOf(user);
    const client = new ApiClient(test.app);
    await client.post('/otp/request', { email: user.email, purpose: 'login' });
    await test.deliverMails();
    const [mail] = test.mailer.to(user.email);
    await reset(resetToken, newPassword());
    for (const otp of [codeIn(mail), tokenIn(mail)]) {
      const answer = await client.post('/otp/verify', { email: user.email, purpose: 'login', otp });
      expect(outcomeOf(answer)).toBe('400 invalid_otp');
    }
  });

  it('does not cost the token where the new password will not do', async () => {
    const user = await signUp(test);
    const token = await resetTokenOf(user);
    for (const weak of ['password1234', 'short', user.email, 'violet-lantern-\ud800', 'a'.repeat(129)]) {
      const response = await reset(token, weak);
      expect(outcomeOf(response)).toBe('400 validation_failed');
      expect(response.body.errors).toEqual([{ path: 'newPassword', message: expect.any(String) }]);
    }
    expect((await reset(token, newPassword())).status).toBe(204);
  });

  it('does not cost the token where the record is away', async () => {
    const user = await signUp(test);
    const token = await resetTokenOf(user);
    const away = new DependencyUnavailable('postgresql', new Error('gone'));
    jest.spyOn(test.backends.credentials, 'resetPassword').mockRejectedValueOnce(away);
    const password = newPassword();
    expect(outcomeOf(await reset(token, password))).toBe('503 dependency_unavailable');
    expect((await login(user, user.password)).status).toBe(200);
    expect((await reset(token, password)).status).toBe(204);
    expect((await login(user, password)).status).toBe(200);
  });

  it('leaves a disabled account disabled', async () => {
    const user = await signUp(test);
    const token = await resetTokenOf(user);
    await test.database.run((db) =>
      db.user.update({ where: { email: user.email }, data: { disabledAt: new Date() } }),
    );
    const password = newPassword();
    expect((await reset(token, password)).status).toBe(204);
    expect(outcomeOf(await login(user, password))).toBe('403 account_disabled');
    expect((await reset(await resetTokenOf(user), newPassword())).status).toBe(204);
  });

  it('treats a pending account as unknown: its code is no reset code', async () => {
    const user = newUser();
    await new ApiClient(test.app).post('/auth/register', user);
    await requestCode(user.email);
    await test.deliverMails();
    const mails = test.mailer.to(user.email);
    expect(mails).toHaveLength(1);
    for (const otp of [codeIn(mails[0]), tokenIn(mails[0])]) {
      const answer = await new ApiClient(test.app).post('/otp/verify', {
        email: user.email,
        purpose: 'reset_password',
        otp,
      });
      expect(outcomeOf(answer)).toBe('400 invalid_otp');
    }
  });

  it(`accepts one of 64 resets with the same token at once, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const user = await signUp(test);
      const token = await resetTokenOf(user);
      const passwords = Array.from({ length: 64 }, newPassword);
      const answers = await atOnce(64, (index) => reset(token, String(passwords[index])));
      expect(countOutcomes(answers)).toEqual({ 204: 1, '400 invalid_reset_token': 63 });
      const winner = answers.findIndex(({ status }) => status === 204);
      expect((await login(user, String(passwords[winner]))).status).toBe(200);
    }
  }, 60_000);

  it(`lets no login with the old password outlive the reset, ${rounds} times`, async () => {
    let begun = 0;
    for (let round = 0; round < rounds; round++) {
      const user = await signUp(test);
      const token = await resetTokenOf(user);
      const password = newPassword();
      const early = atOnce(4, () => login(user, user.password));
      const changed = reset(token, password);
      const late = atOnce(12, () => login(user, user.password));
      expect((await changed).status).toBe(204);
      const answers = [...(await early), ...(await late)];
      for (const { status, body } of answers) {
        if (status !== 200) continue;
        begun += 1;
        expect(await me(body.accessToken)).toBe('401 invalid_token');
        const refreshed = await new ApiClient(test.app).post('/auth/refresh', {
          refreshToken: body.refreshToken,
        });
        expect(outcomeOf(refreshed)).toBe('401 invalid_refresh_token');
      }
      const { accessToken } = await logIn(test, { ...user, password });
      const list = await new ApiClient(test.app).get('/users/me/sessions', accessToken);
      expect(list.body.sessions).toHaveLength(1);
    }
    expect(begun).toBeGreaterThan(0);
  }, 60_000);
});
