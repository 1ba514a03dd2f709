import request, { type Response } from 'supertest';
import { authEndpoints } from '../auth/auth.router';
import { countOutcomes, outcomeOf, plainAnswer } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { codeIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const HOUR = 3_600_000;

const limitHeaders = ({ headers }: Response) =>
  Object.fromEntries(
    ['ratelimit-policy', 'ratelimit', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'retry-after']
      .filter((name) => name in headers)
      .map((name) => [name, headers[name]]),
  );

describe.each(stateKinds)('limits over %s', (state) => {
  const opened: TestApp[] = [];
  const open = async (env: NodeJS.ProcessEnv = {}) => {
    const test = await createTestApp({ state, env });
    opened.push(test);
    return test;
  };
  afterEach(async () => {
    for (const test of opened.splice(0)) await test.close();
  });

  const wrong = () => ({ email: newUser().email, password: 'not this one' });

  describe('are told by headers', () => {
    it('of every bucket charged, the tightest in the older ones, and none kept over all addresses', async () => {
      const test = await open();
      const client = new ApiClient(test.app);
      const response = await client.post('/auth/login', wrong());
      expect(limitHeaders(response)).toEqual({
        'ratelimit-policy': '"global";q=300;w=6, "login";q=10;w=5, "login-account";q=10;w=500',
        ratelimit: '"global";r=299;t=1, "login";r=9;t=1, "login-account";r=9;t=50',
        'x-ratelimit-limit': '10',
        'x-ratelimit-remaining': '9',
      });
      expect(response.text + JSON.stringify(response.headers)).not.toContain('login-account-all');
      const asked = await client.post('/otp/request', { email: newUser().email, purpose: 'login' });
      expect(limitHeaders(asked)).toMatchObject({
        'ratelimit-policy': '"global";q=300;w=6, "otp-request";q=3;w=30, "otp-request-address";q=20;w=200',
        'x-ratelimit-limit': '3',
        'x-ratelimit-remaining': '2',
      });
      const { accessToken } = await logIn(test, await signUp(test));
      expect(limitHeaders(await client.get('/users/me', accessToken))).toMatchObject({
        'ratelimit-policy': '"global";q=300;w=6',
        'x-ratelimit-limit': '300',
      });
      expect(limitHeaders(await request(test.app).get('/health/live'))).toEqual({});
    });

    it('when a bucket over all addresses refuses: no more than when to come back', async () => {
      const test = await open({ RATE_LIMIT_LOGIN_ACCOUNT_ALL: '1/0.01' });
      const body = wrong();
      expect(outcomeOf(await new ApiClient(test.app).post('/auth/login', body))).toBe(
        '401 invalid_credentials',
      );
      const refused = await new ApiClient(test.app).post('/auth/login', body);
      expect(outcomeOf(refused)).toBe('429 rate_limited');
      expect(limitHeaders(refused)).toEqual({
        'ratelimit-policy': '"global";q=300;w=6, "login";q=10;w=5, "login-account";q=10;w=500',
        ratelimit: expect.any(String),
        'x-ratelimit-limit': '10',
        'x-ratelimit-remaining': '9',
        'retry-after': '100',
      });
    });

    it('of the mail limit not at all: over it the answer is the same, and no mail goes out', async () => {
      const test = await open({ RATE_LIMIT_MAIL: '2/0.0001' });
      const user = await signUp(test);
      const answers = [];
      for (let round = 0; round < 3; round++) {
        answers.push(
          await new ApiClient(test.app).post('/otp/request', { email: user.email, purpose: 'login' }),
        );
      }
      expect(countOutcomes(answers)).toEqual({ 202: 3 });
      expect(limitHeaders(answers[2] as Response)).toEqual(limitHeaders(answers[0] as Response));
      await test.deliverMails();
      expect(test.mailer.to(user.email)).toHaveLength(2);
    });
  });

  describe('of mails', () => {
    const ask = (email: string, purpose: string) =>
      new ApiClient(test.app).post('/otp/request', { email, purpose });
    let test: TestApp;
    let email: string;
    beforeEach(async () => {
      test = await open();
      ({ email } = await signUp(test));
      // Until the mail of the registration is forgotten.
      test.clock.advance(HOUR);
    });
    const mailsAfter = async (requests: Promise<unknown>) => {
      const { length } = test.mailer.to(email);
      await requests;
      await test.deliverMails();
      return test.mailer.to(email).length - length;
    };

    it('are not used up by requests that become no mails: the owner is still sent a reset code', async () => {
      expect(await mailsAfter(atOnce(10, () => ask(email, 'verify_email')))).toBe(0);
      expect(await mailsAfter(ask(email, 'reset_password'))).toBe(1);
    });

    it('are not used up by strangers who register with the address: codes are left, and the owner gets in by one', async () => {
      const register = () => new ApiClient(test.app).post('/auth/register', { ...newUser(), email });
      for (let hour = 0; hour < 12; hour += 1) {
        for (let n = 0; n < 3; n += 1) await mailsAfter(register());
        test.clock.advance(3_600_000);
      }
      for (let n = 0; n < 8; n += 1) await mailsAfter(register());
      expect(await mailsAfter(ask(email, 'reset_password'))).toBe(1);
      expect(codeIn(test.mailer.to(email)[0])).toMatch(/^\d{6}$/);
      expect(await mailsAfter(ask(email, 'login'))).toBe(1);
    });

    it('let five of six codes through; rows and answers are those of an unknown address', async () => {
      const rows = () => test.database.run((db) => db.outboxMail.count());
      const unknown = await atOnce(6, () => ask(newUser().email, 'reset_password'));
      expect(await rows()).toBe(6);
      await test.deliverMails();
      expect(await rows()).toBe(0);
      const answers = [];
      for (let round = 0; round < 6; round++) answers.push(await ask(email, 'reset_password'));
      expect(await rows()).toBe(6);
      expect(
        new Set([...unknown, ...answers].map((answer) => JSON.stringify(plainAnswer(answer)))).size,
      ).toBe(1);
      expect(answers[0]?.status).toBe(202);
      expect(await mailsAfter(Promise.resolve())).toBe(5);
      expect(await rows()).toBe(0);
      // The seventh, with the budget known to be used up, is written all the same.
      await ask(email, 'reset_password');
      expect(await rows()).toBe(1);
    });
  });

  it.each([
    { setting: 'RATE_LIMIT_LOGIN', rate: '2/0.001', most: 1_000 },
    { setting: 'RATE_LIMIT_GLOBAL', rate: '2/0.0005', most: 2_000 },
  ])('$setting=$rate: Retry-After is true', async ({ setting, rate, most }) => {
    const test = await open({ [setting]: rate });
    const client = new ApiClient(test.app);
    const one = () => client.post('/auth/login', wrong());
    const answers = await atOnce(3, one);
    expect(countOutcomes(answers)).toEqual({ '401 invalid_credentials': 2, '429 rate_limited': 1 });
    const refused = answers.find(({ status }) => status === 429);
    const seconds = Number(refused?.headers['retry-after']);
    // The clock runs on while it is moved: a tenth of the wait is more than this test takes.
    expect(seconds).toBeLessThanOrEqual(most);
    expect(seconds).toBeGreaterThan(0.9 * most);
    expect(refused?.body.detail).toContain(` ${seconds} s`);
    test.clock.advance(0.9 * seconds * 1_000);
    expect(outcomeOf(await one())).toBe('429 rate_limited');
    test.clock.advance(0.1 * seconds * 1_000);
    expect(outcomeOf(await one())).toBe('401 invalid_credentials');
  });

  it('tell of a second at least, and in it a token comes', async () => {
    const test = await open({ RATE_LIMIT_LOGIN: '2/100' });
    const client = new ApiClient(test.app);
    const one = () => client.post('/auth/login', wrong());
    let refused = await one();
    for (let n = 0; n < 50 && refused.status !== 429; n++) {
      refused = (await atOnce(64, one)).find(({ status }) => status === 429) ?? refused;
    }
    expect(refused.headers['retry-after']).toBe('1');
    test.clock.advance(1_000);
    expect(outcomeOf(await one())).toBe('401 invalid_credentials');
  });

  it('are charged by a controller only where its endpoint names them, and so the document', async () => {
    const test = await open();
    const { refreshToken } = await logIn(test, await signUp(test));
    const refresh = authEndpoints.find(({ name }) => name === 'refresh');
    if (refresh === undefined) throw new Error('there is no refresh');
    const replaced = jest.replaceProperty(refresh, 'limits', []);
    const response = await new ApiClient(test.app).post('/auth/refresh', { refreshToken });
    replaced.restore();
    expect(outcomeOf(response)).toBe('500 internal_error');
    expect(test.logged.join('')).toContain('refresh names no limit refresh without a key');
  });

  it('are exact: of 64 logins at once with a limit of 10, 10 are let through', async () => {
    const test = await open({ RATE_LIMIT_LOGIN: '10/0.001' });
    const client = new ApiClient(test.app);
    const answers = await atOnce(64, () => client.post('/auth/login', wrong()));
    expect(countOutcomes(answers)).toEqual({ '401 invalid_credentials': 10, '429 rate_limited': 54 });
  });
});
