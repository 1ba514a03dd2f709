import request, { type Response } from 'supertest';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const levelsOf = (response: Response) =>
  Object.fromEntries(
    [...String(response.headers['ratelimit']).matchAll(/"([\w-]+)";r=(\d+)/g)].map((item) => [
      item[1],
      Number(item[2]),
    ]),
  );

describe.each(stateKinds)('what a request is charged over %s', (state) => {
  const opened: TestApp[] = [];
  const open = async (env: NodeJS.ProcessEnv = {}) => {
    const test = await createTestApp({ state, env });
    opened.push(test);
    return test;
  };
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const test of opened.splice(0)) await test.close();
  });
  const wrong = (email: string) => ({ email, password: 'not this one' });

  it('is taken in one step of its own, beside that of the session where there is one', async () => {
    const test = await open();
    const user = await signUp(test);
    const { accessToken, refreshToken } = await logIn(test, user);
    const take = jest.spyOn(test.services.limiter, 'take');
    const steps = async (call: Promise<Response>) => {
      take.mockClear();
      await call;
      return take.mock.calls.map(([charges]) => charges.map(({ policy }) => policy));
    };
    const client = new ApiClient(test.app);
    const { email, password } = user;
    expect(await steps(client.get('/users/me', accessToken))).toEqual([['global']]);
    expect(await steps(client.post('/auth/guest'))).toEqual([['global', 'guest']]);
    expect(await steps(client.post('/auth/register', newUser()))).toEqual([['global', 'register']]);
    for (const body of [{ email, password }, wrong(email), wrong('nobody@example.com')]) {
      expect(await steps(client.post('/auth/login', body))).toEqual([
        ['global', 'login', 'login-account', 'login-account-all'],
      ]);
    }
    expect(await steps(client.post('/otp/request', { email, purpose: 'login' }))).toEqual([
      ['global', 'otp-request', 'otp-request-address'],
    ]);
    expect(await steps(client.post('/otp/verify', { email, purpose: 'login', otp: '000000' }))).toEqual([
      ['global', 'otp-verify'],
    ]);
    // The first of these goes with the look at the session; whose budget the second is, only the record can tell.
    expect(await steps(client.post('/auth/reauthenticate', { password }, accessToken))).toEqual([
      ['global'],
      ['reauth'],
    ]);
    expect(await steps(client.post('/auth/refresh', { refreshToken }))).toEqual([['global'], ['refresh']]);
    // What is refused before its limits are known is charged all the same.
    expect(await steps(client.post('/auth/login', {}))).toEqual([['global']]);
  });

  it('is the global limit alone where another refuses: all others keep their tokens', async () => {
    const test = await open({ RATE_LIMIT_GLOBAL: '300/0.0001', RATE_LIMIT_LOGIN_ACCOUNT: '1/0.0001' });
    const client = new ApiClient(test.app);
    const body = wrong(newUser().email);
    expect(levelsOf(await client.post('/auth/login', body))).toEqual({
      global: 299,
      login: 9,
      'login-account': 0,
    });
    const refused = await client.post('/auth/login', body);
    expect(outcomeOf(refused)).toBe('429 rate_limited');
    expect(levelsOf(refused)).toEqual({ global: 298, login: 9, 'login-account': 0 });
  });

  it('of 64 at once is exact for both limits', async () => {
    for (let round = 0; round < 3; round++) {
      const test = await open({ RATE_LIMIT_GLOBAL: '40/0.0001', RATE_LIMIT_GUEST: '25/0.0001' });
      const client = new ApiClient(test.app);
      const answers = await atOnce(64, () => client.post('/auth/guest'));
      expect(countOutcomes(answers)).toEqual({ 201: 25, '429 rate_limited': 39 });
      expect(levelsOf(await client.get('/users/me'))['global']).toBe(0);
    }
  });

  describe('while the global limit refuses', () => {
    const body = JSON.stringify(wrong('somebody@example.com'));
    it.each<[string, string, Record<string, string>]>([
      ['a good body', body, {}],
      ['no JSON', '{', {}],
      ['another member', '{"role":"ADMIN"}', {}],
      ['another type', body, { 'Content-Type': 'text/plain' }],
      ['a large body', `{"email":"${'x'.repeat(70_000)}"}`, {}],
      ['an encoding', body, { 'Content-Encoding': 'gzip' }],
    ])('is refused with %s', async (_, sent, headers) => {
      const test = await open({ RATE_LIMIT_GLOBAL: '1/0.0001' });
      const { address } = new ApiClient(test.app);
      const send = () =>
        request(test.app)
          .post('/api/v1/auth/login')
          .set({ 'X-Forwarded-For': address, 'Content-Type': 'application/json', ...headers })
          .send(sent);
      const first = await send();
      expect(first.status).not.toBe(429);
      expect(levelsOf(first)['global']).toBe(0);
      const second = await send();
      expect(outcomeOf(second)).toBe('429 rate_limited');
      expect(second.headers['retry-after']).toBe('10000');
    });

    it('is refused with a body of unknown length', async () => {
      const test = await open({ RATE_LIMIT_GLOBAL: '1/0.0001' });
      const client = new ApiClient(test.app);
      const send = () => {
        const sending = request(test.app)
          .post('/api/v1/auth/login')
          .set({ 'X-Forwarded-For': client.address, 'Content-Type': 'application/json' });
        sending.write(body);
        return sending;
      };
      expect([outcomeOf(await send()), outcomeOf(await send())]).toEqual([
        '401 invalid_credentials',
        '429 rate_limited',
      ]);
    });

    it('reads no body that costs something to read', async () => {
      const test = await open({ RATE_LIMIT_GLOBAL: '1/0.0001' });
      const client = new ApiClient(test.app);
      await client.post('/auth/guest');
      const parse = jest.spyOn(JSON, 'parse');
      const large = { email: 'a@example.com', password: 'x'.repeat(60_000) };
      const response = await request(test.app)
        .post('/api/v1/auth/login')
        .set('X-Forwarded-For', client.address)
        .send(large);
      const parsed = parse.mock.calls.filter(([text]) => text.length > 50_000);
      expect([outcomeOf(response), parsed]).toEqual(['429 rate_limited', []]);
    });
  });

  describe('for failures only', () => {
    it('is shown as it stands once given back', async () => {
      const test = await open();
      const user = await signUp(test);
      const client = new ApiClient(test.app);
      const { email, password } = user;
      // A script that Redis has never seen is sent twice, and so is not there before the next request.
      await logIn(test, user);
      const failed = await client.post('/auth/login', wrong(email));
      expect(levelsOf(failed)['login-account']).toBe(9);
      const done = await client.post('/auth/login', { email, password });
      expect(levelsOf(done)['login-account']).toBe(9);
      expect(levelsOf(await client.post('/auth/login', wrong(email)))['login-account']).toBe(8);
    });

    it('is given back to whom the budget does not hold for, whether or not it was his password', async () => {
      const test = await open({ RATE_LIMIT_LOGIN_ACCOUNT_ALL: '3/0.00001' });
      const user = await signUp(test);
      const home = new ApiClient(test.app);
      await logIn(test, user, home);
      for (let n = 0; n < 6; n++) await home.post('/auth/login', wrong(user.email));
      const strangers = await atOnce(64, () =>
        new ApiClient(test.app).post('/auth/login', wrong(user.email)),
      );
      expect(countOutcomes(strangers)).toEqual({ '401 invalid_credentials': 3, '429 rate_limited': 61 });
    });

    it('refused by the budget of strangers looks up who that is only behind the other limits', async () => {
      const test = await open({
        RATE_LIMIT_LOGIN_ACCOUNT_ALL: '1/0.00001',
        RATE_LIMIT_LOGIN: '5/0.00001',
      });
      const { email } = await signUp(test);
      await new ApiClient(test.app).post('/auth/login', wrong(email));
      const looked = jest.spyOn(test.backends.accounts, 'knowsAddress');
      const stranger = new ApiClient(test.app);
      const answers = await atOnce(64, () => stranger.post('/auth/login', wrong(email)));
      expect(countOutcomes(answers)).toEqual({ '429 rate_limited': 64 });
      expect(looked).toHaveBeenCalledTimes(5);
    });

    it('refused by the budget of strangers and another limit is refused by both', async () => {
      const test = await open({
        RATE_LIMIT_LOGIN_ACCOUNT_ALL: '1/0.00001',
        RATE_LIMIT_LOGIN_ACCOUNT: '1/0.0001',
      });
      const user = await signUp(test);
      const home = new ApiClient(test.app);
      await logIn(test, user, home);
      await home.post('/auth/login', wrong(user.email));
      await new ApiClient(test.app).post('/auth/login', wrong(user.email));
      const looked = jest.spyOn(test.backends.accounts, 'knowsAddress');
      const refused = await home.post('/auth/login', { email: user.email, password: user.password });
      expect(outcomeOf(refused)).toBe('429 rate_limited');
      expect(looked).not.toHaveBeenCalled();
      // Told of the one that holds for everybody: the other would keep whoever is exempt out for a day.
      const wait = Number(refused.headers['retry-after']);
      expect(wait).toBeGreaterThan(9_000);
      expect(wait).toBeLessThanOrEqual(10_000);
      test.clock.advance(wait * 1_000);
      await logIn(test, user, home);
    });

    it('refused by the budget of strangers costs a stranger the try, so that look-ups are bounded', async () => {
      const test = await open({
        RATE_LIMIT_LOGIN_ACCOUNT_ALL: '1/0.00001',
        RATE_LIMIT_LOGIN: '1000/100',
        RATE_LIMIT_LOGIN_ACCOUNT: '4/0.0001',
      });
      const { email } = await signUp(test);
      await new ApiClient(test.app).post('/auth/login', wrong(email));
      const looked = jest.spyOn(test.backends.accounts, 'knowsAddress');
      const stranger = new ApiClient(test.app);
      await atOnce(64, () => stranger.post('/auth/login', wrong(email)));
      expect(looked).toHaveBeenCalledTimes(4);
    });

    it('is kept for a guess that was wrong, also where telling of it fails', async () => {
      const test = await open({ RATE_LIMIT_REAUTH: '3/0.0001' });
      const user = await signUp(test);
      const { accessToken } = await logIn(test, user);
      const client = new ApiClient(test.app);
      const away = new DependencyUnavailable('postgresql', new Error('slow'));
      jest.spyOn(test.services.audit, 'loginFailed').mockRejectedValue(away);
      const failed = await client.post('/auth/login', wrong(user.email));
      expect(outcomeOf(failed)).toBe('503 dependency_unavailable');
      expect(levelsOf(failed)['login-account']).toBe(9);
      const guess = () =>
        client.post('/auth/reauthenticate', { password: wrong(user.email).password }, accessToken);
      expect(countOutcomes(await atOnce(8, guess))).toEqual({
        '503 dependency_unavailable': 3,
        '429 rate_limited': 5,
      });
    });

    it('of strangers holds for whoever comes from where no address can be read', async () => {
      const test = await open({ RATE_LIMIT_LOGIN_ACCOUNT_ALL: '2/0.00001' });
      const user = await signUp(test);
      const unreadable = new ApiClient(test.app, '203.0.113.7:51234');
      await logIn(test, user, unreadable);
      for (let n = 0; n < 2; n++) await unreadable.post('/auth/login', wrong(user.email));
      const answer = await unreadable.post('/auth/login', wrong(user.email));
      expect(outcomeOf(answer)).toBe('429 rate_limited');
    });
  });
});
