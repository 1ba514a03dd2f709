import { MailNotSent } from '../mail/mailer';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, beginSession, newUser, signUp, signUpAdmin, type TestUser } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { movedBy } from '../testing/metric-series';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const SLOW = 0.0001;

describe.each(stateKinds)('a limit in shadow over %s', (state) => {
  let test: TestApp;
  let admin: TestUser;
  let accessToken: string;
  beforeAll(async () => {
    test = await createTestApp({ state });
    admin = await signUpAdmin(test);
  });
  beforeEach(async () => {
    ({ accessToken } = await beginSession(test, admin));
    for (const policy of ['global', 'login', 'login-account', 'login-account-all', 'mail']) {
      await change(policy, { capacity: null, refillPerSecond: null, mode: null });
    }
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const change = async (policy: string, body: object) => {
    const changed = await new ApiClient(test.app).call('patch', `/admin/limits/${policy}`, body, accessToken);
    expect(changed.status).toBe(200);
    return changed.body;
  };
  const shadow = (policy: string, capacity: number, ttl = 60) =>
    change(policy, { capacity, refillPerSecond: SLOW, mode: 'shadow', ttl });
  const fail = (client: ApiClient, email = newUser().email) =>
    client.post('/auth/login', { email, password: 'not this one' });
  const failed = (client: ApiClient, times: number, email?: string) =>
    atOnce(times, () => fail(client, email)).then(countOutcomes);

  it('counts and reports, and blocks nobody', async () => {
    const until = test.clock.now() + 60_000;
    const { mode, modeUntil } = await shadow('login', 3);
    expect(mode).toBe('shadow');
    expect(Math.abs(Date.parse(modeUntil) - until)).toBeLessThan(5_000);
    const client = new ApiClient(test.app);
    const moved = await movedBy(test, /^(rate_limits_\w+\{policy="login"|error_events_)/, async () => {
      expect(await failed(client, 64)).toEqual({ '401 invalid_credentials': 64 });
    });
    expect(moved).toEqual({
      'rate_limits_allowed{policy="login",mode="shadow"}': 3,
      'rate_limits_blocked{policy="login",mode="shadow"}': 61,
      'error_events_total{code="invalid_credentials"}': 64,
    });
  });

  it('is not told to clients: it is nothing that they have to heed', async () => {
    await shadow('login', 1);
    const client = new ApiClient(test.app);
    for (let round = 0; round < 2; round += 1) {
      const { headers } = await fail(client);
      expect(headers['ratelimit-policy']).toBe('"global";q=300;w=6, "login-account";q=10;w=500');
      expect(headers['ratelimit']).not.toContain('"login"');
      expect(headers['x-ratelimit-limit']).toBe('10');
      expect(headers['retry-after']).toBeUndefined();
    }
    for (const policy of ['global', 'login-account']) await shadow(policy, 1);
    const { headers } = await fail(client);
    expect(Object.keys(headers).filter((name) => /ratelimit/.test(name))).toEqual([]);
  });

  it('ends by itself, and then refuses by what it has counted', async () => {
    await shadow('login', 2, 60);
    const client = new ApiClient(test.app);
    expect(await failed(client, 5)).toEqual({ '401 invalid_credentials': 5 });
    test.clock.advance(55_000);
    expect(outcomeOf(await fail(client))).toBe('401 invalid_credentials');
    test.clock.advance(5_000);
    const refused = await fail(client);
    expect(outcomeOf(refused)).toBe('429 rate_limited');
    expect(refused.headers['ratelimit-policy']).toContain('"login";q=2');
  });

  it('ends at once by mode "enforce"', async () => {
    await shadow('login', 1);
    const client = new ApiClient(test.app);
    expect(await failed(client, 3)).toEqual({ '401 invalid_credentials': 3 });
    expect(await change('login', { mode: 'enforce' })).toMatchObject({ mode: 'enforce', modeUntil: null });
    expect(outcomeOf(await fail(client))).toBe('429 rate_limited');
  });

  it('opens no other: those beside it stay exact, whether it is exhausted or not', async () => {
    await change('login-account', { capacity: 4, refillPerSecond: SLOW });
    for (const capacity of [1, 1_000_000]) {
      await shadow('login', capacity);
      await shadow('global', capacity);
      const [client, email] = [new ApiClient(test.app), newUser().email];
      await failed(client, 2);
      expect(await failed(client, 64, email)).toEqual({
        '401 invalid_credentials': 4,
        '429 rate_limited': 60,
      });
    }
  });

  it('waits for no other: Retry-After is that of the limits that refuse', async () => {
    await shadow('login', 1);
    await change('login-account', { capacity: 1, refillPerSecond: 0.1 });
    const [client, email] = [new ApiClient(test.app), newUser().email];
    await fail(client, email);
    const refused = await fail(client, email);
    expect(outcomeOf(refused)).toBe('429 rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(10);
  });

  it('gives back nothing that it did not take: logins that succeed fill no exhausted bucket', async () => {
    const user = await signUp(test);
    const client = new ApiClient(test.app);
    const succeed = () => client.post('/auth/login', { email: user.email, password: user.password });
    await shadow('login-account', 2);
    await shadow('login-account-all', 2);
    expect(await failed(client, 3, user.email)).toEqual({ '401 invalid_credentials': 3 });
    expect(countOutcomes(await atOnce(6, succeed))).toEqual({ 200: 6 });
    for (const policy of ['login-account', 'login-account-all']) await change(policy, { mode: 'enforce' });
    expect(outcomeOf(await fail(client, user.email))).toBe('429 rate_limited');
    // From elsewhere, where only the budget over all addresses is used up.
    expect(outcomeOf(await fail(new ApiClient(test.app), user.email))).toBe('429 rate_limited');
  });

  it('holds back no mail, and gives back nothing for one that failed without having cost anything', async () => {
    const user = await signUp(test);
    await shadow('mail', 1);
    const ask = async () => {
      await new ApiClient(test.app).post('/otp/request', { email: user.email, purpose: 'login' });
      await test.deliverMails();
    };
    const before = test.mailer.to(user.email).length;
    for (let mail = 0; mail < 3; mail += 1) await ask();
    expect(test.mailer.to(user.email)).toHaveLength(before + 3);
    const refusal = new MailNotSent('away', false);
    jest.spyOn(test.mailer, 'send').mockRejectedValueOnce(refusal);
    await ask();
    await change('mail', { mode: 'enforce' });
    await ask();
    test.clock.advance(60_000);
    await test.deliverMails();
    expect(test.mailer.to(user.email)).toHaveLength(before + 3);
  });
});
