import { countOutcomes, outcomeOf } from '../../testing/answers';
import { ApiClient, logIn, newUser, signUp } from '../../testing/api-client';
import { atOnce, roundsOver } from '../../testing/at-once';
import { runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp, stateKinds, type TestApp } from '../../testing/test-app';

describe.each(stateKinds)('a reset token from the command line over %s', (state) => {
  const rounds = roundsOver(state, 10);
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  const post = (path: string, body: unknown) => new ApiClient(test.app).post(path, body);
  const reset = (resetToken: string, newPassword: string) =>
    post('/auth/password/reset', { resetToken, newPassword });
  const tokenFor = async (account: string): Promise<string> =>
    (await runCliForJson(test, 'reset-link', account)).data.resetToken;

  it('sets a password once, and ends every session', async () => {
    const user = await signUp(test);
    const { accessToken } = await logIn(test, user);
    const token = await tokenFor(user.email);
    expect((await reset(token, 'amber-kettle-2201')).status).toBe(204);
    expect(outcomeOf(await new ApiClient(test.app).get('/users/me', accessToken))).toBe('401 invalid_token');
    expect((await logIn(test, { ...user, password: 'amber-kettle-2201' })).accessToken).toEqual(
      expect.any(String),
    );
    expect(outcomeOf(await reset(token, 'amber-kettle-2202'))).toBe('400 invalid_reset_token');
  });

  it('dies after ten minutes, and with any change of the password', async () => {
    const user = await signUp(test);
    const [one, other] = [await tokenFor(user.email), await tokenFor(user.email)];
    expect((await reset(other, 'amber-kettle-2203')).status).toBe(204);
    expect(outcomeOf(await reset(one, 'amber-kettle-2204'))).toBe('400 invalid_reset_token');
    const late = await tokenFor(user.email);
    test.clock.advance(600_001);
    expect(outcomeOf(await reset(late, 'amber-kettle-2205'))).toBe('400 invalid_reset_token');
  });

  it('is not used up by a password that will not do', async () => {
    const user = await signUp(test);
    const token = await tokenFor(user.email);
    expect(outcomeOf(await reset(token, user.email))).toBe('400 validation_failed');
    expect((await reset(token, 'amber-kettle-2206')).status).toBe(204);
  });

  it('is good for that account alone, and for no other use', async () => {
    const [user, other] = [await signUp(test), await signUp(test)];
    const token = await tokenFor(user.email);
    const otp = { email: user.email, purpose: 'reset_password', otp: token };
    expect(outcomeOf(await post('/otp/verify', otp))).toBe('400 invalid_otp');
    expect((await reset(token, 'amber-kettle-2207')).status).toBe(204);
    expect((await logIn(test, other)).accessToken).toEqual(expect.any(String));
  });

  it('leaves a disabled account disabled, and says so', async () => {
    const user = await signUp(test);
    await runCliOn(test, 'disable', user.email);
    const { out } = await runCliOn(test, 'reset-link', user.email);
    expect(out).toContain('The account is disabled');
    const [token = ''] = /^tgl_.*$/m.exec(out) ?? [];
    expect((await reset(token, 'amber-kettle-2208')).status).toBe(204);
    const login = await post('/auth/login', { email: user.email, password: 'amber-kettle-2208' });
    expect(outcomeOf(login)).toBe('403 account_disabled');
  });

  it('is none for a registration that nobody has proved, nor for nobody', async () => {
    const user = newUser();
    await post('/auth/register', user);
    const pending = await runCliForJson(test, 'reset-link', user.email);
    expect([pending.code, pending.data.error.code]).toEqual([1, 'pending']);
    for (const nobody of [
      newUser().email,
      '*@example.com',
      '%@example.com',
      '0197a3e0-1234-7abc-8def-0123456789ab',
    ]) {
      const { code, data } = await runCliForJson(test, 'reset-link', nobody);
      expect([code, data]).toEqual([
        1,
        { error: { code: 'not_found', message: 'There is no such account.' } },
      ]);
    }
  });

  it(`lets one of 64 with the same token through, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const user = await signUp(test);
      const token = await tokenFor(user.email);
      const answers = await atOnce(64, (index) => reset(token, `amber-kettle-${3000 + index}`));
      expect(countOutcomes(answers)).toEqual({ 204: 1, '400 invalid_reset_token': 63 });
      const winner = answers.findIndex(({ status }) => status === 204);
      await logIn(test, { ...user, password: `amber-kettle-${3000 + winner}` });
    }
  }, 60_000);
});
