import request from 'supertest';
import { ensureFirstAdmin } from '../first-admin';
import { HashingOverloaded } from '../passwords/hashing-queue';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { BrowserClient } from '../testing/browser-client';
import { codeIn, linkIn, tokenIn } from '../testing/captured-mailer';
import { askForEmail, confirmEmail, freshEmail, signIn } from '../testing/email-changes';
import { movedBy } from '../testing/metric-series';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const ATTEMPTS = /^auth_attempts_total/;
const OTPS = /^otp_/;
const FUNNEL = /^account_funnel_total/;
const REUSES = /^tokens_reused_total/;

describe.each(stateKinds)('metrics of who gets in, over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    // Many log in to one account at once.
    test = await createTestApp({ state, env: { RATE_LIMIT_LOGIN_ACCOUNT_ALL: '1000/1000' } });
  });
  afterAll(() => test.close());
  afterEach(() => jest.restoreAllMocks());

  const client = () => new ApiClient(test.app);
  const refresh = (refreshToken: string) => client().post('/auth/refresh', { refreshToken });
  const attempts = (work: () => Promise<unknown>) => movedBy(test, ATTEMPTS, work);
  const mailOf = async (email: string, purpose: string) => {
    await client().post('/otp/request', { email, purpose });
    await test.deliverMails();
    return test.mailer.to(email)[0];
  };
  const verify = (email: string, purpose: string, otp: string) =>
    client().post('/otp/verify', { email, purpose, otp });
  const series = (action: string, method: string, outcome: string, reason: string) =>
    `auth_attempts_total{action="${action}",method="${method}",outcome="${outcome}",reason="${reason}"}`;
  const codes = (purpose: string, method: string, outcome: string, reason: string) =>
    `otp_attempts_total{purpose="${purpose}",method="${method}",outcome="${outcome}",reason="${reason}"}`;

  it('count each well-formed attempt once, by action, method, outcome and reason', async () => {
    const user = await signUp(test);
    const { email, password } = user;
    const browser = new BrowserClient(test.app);
    const moved = await attempts(async () => {
      const tokens = await logIn(test, user);
      await client().post('/auth/login', { email, password: 'not this one' });
      // Not well-formed: no attempt.
      await client().post('/auth/login', { email });
      await client().post('/auth/login', { email, password, extra: 1 });
      await verify(email, 'login', codeIn(await mailOf(email, 'login')));
      await verify(email, 'login', '000000');
      // Of other purposes: no login.
      await verify(email, 'reset_password', '000000');
      await refresh(tokens.refreshToken);
      await refresh('tgr_forged');
      await browser.post('/auth/login', { email, password });
      await browser.post('/auth/refresh');
      browser.cookie = undefined;
      await browser.post('/auth/refresh');
      const reset = await verify(email, 'reset_password', codeIn(await mailOf(email, 'reset_password')));
      const body = { resetToken: reset.body.resetToken, newPassword: 'qwertyuiop' };
      await client().post('/auth/password/reset', body);
      await client().post('/auth/password/reset', { ...body, newPassword: `${password}-2` });
      await client().post('/auth/password/reset', { ...body, newPassword: `${password}-3` });
    });
    expect(moved).toEqual({
      [series('login', 'password', 'success', 'none')]: 2,
      [series('login', 'password', 'failure', 'invalid_credentials')]: 1,
      [series('login', 'otp', 'success', 'none')]: 1,
      [series('login', 'otp', 'failure', 'invalid_otp')]: 1,
      [series('refresh', 'body', 'success', 'none')]: 1,
      [series('refresh', 'body', 'failure', 'invalid_refresh_token')]: 1,
      [series('refresh', 'cookie', 'success', 'none')]: 1,
      [series('refresh', 'cookie', 'failure', 'invalid_refresh_token')]: 1,
      [series('password_reset', 'token', 'failure', 'validation_failed')]: 1,
      [series('password_reset', 'token', 'success', 'none')]: 1,
      [series('password_reset', 'token', 'failure', 'invalid_reset_token')]: 1,
    });
  });

  it('count attempts that a limit, a full queue or a dependency refused', async () => {
    const user = await signUp(test);
    const { email, password } = user;
    const moved = await attempts(async () => {
      const one = client();
      await atOnce(12, () => one.post('/auth/login', { email: newUser().email, password }));
      jest.spyOn(test.services.passwordHasher, 'verify').mockRejectedValueOnce(new HashingOverloaded(8));
      expect(outcomeOf(await client().post('/auth/login', { email, password }))).toBe('503 overloaded');
      const away = new DependencyUnavailable('postgresql', new Error('away'));
      jest.spyOn(test.services.rotation, 'present').mockRejectedValueOnce(away);
      expect(outcomeOf(await refresh('tgr_x'))).toBe('503 dependency_unavailable');
    });
    expect(moved).toEqual({
      [series('login', 'password', 'failure', 'invalid_credentials')]: 10,
      [series('login', 'password', 'failure', 'rate_limited')]: 2,
      [series('login', 'password', 'failure', 'overloaded')]: 1,
      [series('refresh', 'body', 'failure', 'dependency_unavailable')]: 1,
    });
  });

  it('count codes that were asked for and presented, by purpose and by what was presented', async () => {
    const user = await signIn(test);
    const { email } = user;
    const newEmail = freshEmail();
    const moved = await movedBy(test, OTPS, async () => {
      await verify(email, 'login', tokenIn(await mailOf(email, 'login')));
      await verify(email, 'login', '123456');
      await verify(email, 'login', 'no such token');
      // Nobody's, and refused: the fourth in a row.
      const [one, nobody] = [client(), newUser().email];
      await atOnce(4, () => one.post('/otp/request', { email: nobody, purpose: 'reset_password' }));
      await verify(nobody, 'reset_password', '123456');
      // Not well-formed.
      await verify(email, 'change_email', '123456');
      await client().post('/otp/request', { email, purpose: 'change_email' });
      await askForEmail(test, { ...user, password: 'not this one' }, newEmail);
      await askForEmail(test, user, newEmail);
      await test.deliverMails();
      await confirmEmail(test, user, 'no such token');
      await confirmEmail(test, user, codeIn(test.mailer.to(newEmail)[0]));
    });
    expect(moved).toEqual({
      'otp_requests_total{purpose="login"}': 1,
      'otp_requests_total{purpose="reset_password"}': 3,
      'otp_requests_total{purpose="change_email"}': 1,
      [codes('login', 'token', 'success', 'none')]: 1,
      [codes('login', 'digits', 'failure', 'invalid_otp')]: 1,
      [codes('login', 'token', 'failure', 'invalid_otp')]: 1,
      [codes('reset_password', 'digits', 'failure', 'invalid_otp')]: 1,
      [codes('change_email', 'token', 'failure', 'invalid_otp')]: 1,
      [codes('change_email', 'digits', 'success', 'none')]: 1,
    });
  });

  it('follow an account from registration over the proof of its e-mail to its first login', async () => {
    const user = newUser();
    const register = () => client().post('/auth/register', user);
    const registered = await movedBy(test, FUNNEL, async () => {
      await register();
      // Replaces the pending one.
      await register();
      await client().post('/auth/register', { ...user, password: 'qwertyuiop' });
    });
    expect(registered).toEqual({ 'account_funnel_total{stage="registered"}': 2 });
    await test.deliverMails();
    const link = linkIn(test.mailer.to(user.email)[0]);
    const verified = await movedBy(test, FUNNEL, async () => {
      await verify(user.email, 'verify_email', '000000');
      for (let time = 0; time < 2; time++) await request(test.app).post(link);
      // Known now: no account is made.
      await register();
    });
    expect(verified).toEqual({ 'account_funnel_total{stage="verified"}': 1 });
    const loggedIn = await movedBy(test, FUNNEL, async () => {
      await client().post('/auth/login', { ...user, username: undefined, password: 'not this one' });
      for (let time = 0; time < 2; time++) await logIn(test, user);
    });
    expect(loggedIn).toEqual({ 'account_funnel_total{stage="first_login"}': 1 });
    // By a code.
    expect(await movedBy(test, FUNNEL, () => signUp(test))).toEqual({
      'account_funnel_total{stage="registered"}': 1,
      'account_funnel_total{stage="verified"}': 1,
    });
  });

  it('count one first login of 64 at once, and that of an account nobody registered', async () => {
    const user = await signUp(test);
    const admin = { email: newUser().email, password: newUser().password };
    const moved = await movedBy(test, FUNNEL, async () => {
      await atOnce(64, () => logIn(test, user));
      expect(await ensureFirstAdmin(test.services, admin)).toBe(true);
      await client().post('/auth/login', admin);
    });
    expect(moved).toEqual({ 'account_funnel_total{stage="first_login"}': 2 });
  });

  it('count reuse once where it is detected, also of 64 at once, and no replay within the grace', async () => {
    const { refreshToken } = await signIn(test);
    const { body } = await refresh(refreshToken);
    expect(await movedBy(test, REUSES, () => refresh(refreshToken))).toEqual({});
    test.clock.advance(31_000);
    const moved = await movedBy(test, REUSES, () => atOnce(64, () => refresh(refreshToken)));
    expect(moved).toEqual({ tokens_reused_total: 1 });
    expect(outcomeOf(await refresh(body.refreshToken))).toBe('401 invalid_refresh_token');
  });

  it('count reuse also where what is to follow it cannot be written', async () => {
    const { refreshToken } = await signIn(test);
    await refresh(refreshToken);
    test.clock.advance(31_000);
    const away = new DependencyUnavailable('postgresql', new Error('away'));
    jest.spyOn(test.backends.sessionRecords, 'endReused').mockRejectedValueOnce(away);
    const moved = await movedBy(test, REUSES, async () => {
      expect(outcomeOf(await refresh(refreshToken))).toBe('503 dependency_unavailable');
    });
    expect(moved).toEqual({ tokens_reused_total: 1 });
  });
});
