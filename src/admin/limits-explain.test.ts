import { POLICY_NAMES } from '../limits/policies';
import { outcomeOf } from '../testing/answers';
import {
  ApiClient,
  beginSession,
  freshAddress,
  newUser,
  signUp,
  signUpAdmin,
  type TestUser,
} from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

interface Shown {
  readonly policy: string;
  readonly remaining: number;
  readonly capacity: number;
  readonly blockedSince: string | null;
  readonly opensAt: string | null;
}

const OF_ADDRESS = ['global', 'login', 'register', 'guest', 'otp-request-address'];
const OF_EMAIL = ['login-account-all', 'mail'];
const OF_PAIR = ['login-account', 'otp-request', 'otp-verify'];
const OF_USER = ['reauth'];
const inOrder = (...groups: readonly string[][]) =>
  POLICY_NAMES.filter((name) => groups.some((group) => group.includes(name)));

describe.each(stateKinds)('whom limits block, over %s', (state) => {
  let test: TestApp;
  let admin: TestUser & { readonly id: string };
  let accessToken: string;
  beforeAll(async () => {
    test = await createTestApp({ state, env: { RATE_LIMIT_GLOBAL: '300/0.1', RATE_LIMIT_LOGIN: '200/0.1' } });
    admin = await signUpAdmin(test);
  });
  beforeEach(async () => {
    ({ accessToken } = await beginSession(test, admin));
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const ask = (query: Record<string, string>) =>
    new ApiClient(test.app).get(`/admin/limits/explain?${new URLSearchParams(query)}`, accessToken);
  const explain = async (query: Record<string, string>): Promise<Shown[]> => {
    const response = await ask(query);
    expect(response.status).toBe(200);
    return response.body.buckets;
  };
  const bucket = async (policy: string, query: Record<string, string>) =>
    (await explain(query)).find((shown) => shown.policy === policy);
  const release = async (body: object) =>
    outcomeOf(await new ApiClient(test.app).post('/admin/limits/release', body, accessToken));
  const fail = (client: ApiClient, email: string) =>
    client.post('/auth/login', { email, password: 'not this one' });
  const exhaust = async (client: ApiClient, email: string) => {
    await atOnce(12, () => fail(client, email));
    expect(outcomeOf(await fail(client, email))).toBe('429 rate_limited');
  };

  it('shows the buckets of what is given, of pairs only by both, of a user only where there is one', async () => {
    const [address, email] = [freshAddress(), newUser().email];
    const user = await signUp(test);
    const policies = async (query: Record<string, string>) =>
      (await explain(query)).map(({ policy }) => policy);
    expect(await policies({ address })).toEqual(inOrder(OF_ADDRESS));
    expect(await policies({ email })).toEqual(inOrder(OF_EMAIL));
    expect(await policies({ email: user.email })).toEqual(inOrder(OF_EMAIL, OF_USER));
    expect(await policies({ address, email: user.email })).toEqual(
      inOrder(OF_ADDRESS, OF_EMAIL, OF_PAIR, OF_USER),
    );
  });

  it('shows the very buckets that calls are charged to', async () => {
    const user = await signUp(test);
    const client = new ApiClient(test.app);
    const { accessToken: token } = await beginSession(test, user);
    await client.post('/auth/register', newUser());
    await client.post('/auth/guest');
    await fail(client, user.email);
    await client.post('/otp/request', { email: user.email, purpose: 'login' });
    await client.post('/otp/verify', { email: user.email, purpose: 'login', otp: '000000' });
    await client.post('/auth/reauthenticate', { password: 'not this one' }, token);
    await test.deliverMails();
    const shown = await explain({ address: client.address, email: user.email });
    for (const { policy, remaining, capacity } of shown) {
      expect([policy, remaining < capacity]).toEqual([policy, true]);
    }
    expect(shown).toHaveLength(POLICY_NAMES.length - 1);
    // Nobody else's.
    for (const { remaining, capacity } of await explain({
      address: freshAddress(),
      email: newUser().email,
    })) {
      expect(remaining).toBe(capacity);
    }
  });

  it('tells since when one is blocked, and when it opens; looking at it costs nothing', async () => {
    const [client, email] = [new ApiClient(test.app), newUser().email];
    const query = { address: client.address, email };
    for (let round = 0; round < 10; round += 1) await fail(client, email);
    expect(await bucket('login-account', query)).toMatchObject({
      remaining: 0,
      capacity: 10,
      blockedSince: null,
      opensAt: expect.any(String),
    });
    const first = test.clock.now();
    expect(outcomeOf(await fail(client, email))).toBe('429 rate_limited');
    test.clock.advance(20_000);
    expect(outcomeOf(await fail(client, email))).toBe('429 rate_limited');
    await atOnce(64, () => explain(query));
    const blocked = await bucket('login-account', query);
    expect(Math.abs(Date.parse(blocked?.blockedSince ?? '') - first)).toBeLessThan(5_000);
    expect(Math.abs(Date.parse(blocked?.opensAt ?? '') - first - 50_000)).toBeLessThan(5_000);
    // Of the others of the same request none is.
    const others = (await explain(query)).filter(({ policy }) => policy !== 'login-account');
    expect(others.filter(({ blockedSince, opensAt }) => blockedSince !== null || opensAt !== null)).toEqual(
      [],
    );
    test.clock.advance(Date.parse(blocked?.opensAt ?? '') - test.clock.now());
    expect(await bucket('login-account', query)).toMatchObject({
      remaining: 1,
      blockedSince: null,
      opensAt: null,
    });
    expect(outcomeOf(await fail(client, email))).toBe('401 invalid_credentials');
  });

  it('says of a limit in shadow that it blocks nobody', async () => {
    const [client, email] = [new ApiClient(test.app), newUser().email];
    const change = (body: object) =>
      new ApiClient(test.app).call('patch', '/admin/limits/login-account', body, accessToken);
    await exhaust(client, email);
    await change({ mode: 'shadow', ttl: 60 });
    const query = { address: client.address, email };
    const open = { remaining: 0, capacity: 10, blockedSince: null, opensAt: null };
    expect(await bucket('login-account', query)).toMatchObject(open);
    await fail(client, email);
    expect(await bucket('login-account', query)).toMatchObject(open);
    await change({ mode: 'enforce' });
    expect(await bucket('login-account', query)).toMatchObject({ blockedSince: null, remaining: 0 });
    await fail(client, email);
    expect((await bucket('login-account', query))?.blockedSince).not.toBeNull();
  });

  it('knows an address in any spelling, of IPv6 by the /64, and an e-mail in any case', async () => {
    const email = newUser().email;
    await exhaust(new ApiClient(test.app, '2001:db8:7:8::1'), email);
    for (const address of ['2001:DB8:7:8:ffff::9', '2001:db8:7:8::/64', '2001:0db8:0007:0008:0:0:0:1']) {
      const shown = await bucket('login-account', { address, email: email.toUpperCase() });
      expect(shown?.blockedSince).not.toBeNull();
    }
    expect((await bucket('login-account', { address: '2001:db8:7:9::1', email }))?.remaining).toBe(10);
    await exhaust(new ApiClient(test.app, '203.0.113.77'), email);
    const mapped = await bucket('login-account', { address: '::ffff:203.0.113.77', email });
    expect(mapped?.blockedSince).not.toBeNull();
  });

  it.each([
    [{}, ''],
    [{ address: '' }, 'address'],
    [{ address: 'unknown' }, 'address'],
    [{ address: '203.0.113' }, 'address'],
    [{ address: '0x7f000001' }, 'address'],
    [{ address: '203.0.113.7, 203.0.113.8' }, 'address'],
    [{ address: '203.0.113.0/24' }, 'address'],
    [{ address: '203.0.113.7/64' }, 'address'],
    [{ address: '2001:db8::/32' }, 'address'],
    [{ address: 'x'.repeat(1_000) }, 'address'],
    [{ address: '203.0.113.7', email: 'nobody' }, 'email'],
    [{ email: 'a@example.com,b@example.com' }, 'email'],
    [{ address: '203.0.113.7', policy: 'login' }, 'policy'],
  ] as [Record<string, string>, string][])('refuses %j', async (given, path) => {
    const refused = await ask(given);
    expect(outcomeOf(refused)).toBe('400 validation_failed');
    expect(refused.body.errors[0].path).toBe(path);
    expect(await release(given)).toBe('400 validation_failed');
  });

  it('refuses lists and null', async () => {
    const twice = await new ApiClient(test.app).get(
      '/admin/limits/explain?address=203.0.113.7&address=203.0.113.8',
      accessToken,
    );
    expect(outcomeOf(twice)).toBe('400 validation_failed');
    for (const body of [{ address: ['203.0.113.7'] }, { email: null }, { address: null, email: null }]) {
      expect(await release(body)).toBe('400 validation_failed');
    }
    expect(
      outcomeOf(await new ApiClient(test.app).post('/admin/limits/release', undefined, accessToken)),
    ).toBe('400 validation_failed');
  });

  it('releases by the same keys, to the full, and exactly', async () => {
    const [client, email] = [new ApiClient(test.app), newUser().email];
    const query = { address: client.address, email };
    await exhaust(client, email);
    expect(await release(query)).toBe('204');
    for (const { policy, remaining, capacity, ...blocked } of await explain(query)) {
      expect([policy, remaining, blocked]).toEqual([policy, capacity, { blockedSince: null, opensAt: null }]);
    }
    const answers = await atOnce(64, () => fail(client, email));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
  });

  it('releases nothing of anybody else: neither half of a pair, nor another pair', async () => {
    const email = newUser().email;
    const other = newUser().email;
    const client = new ApiClient(test.app);
    await exhaust(client, email);
    await exhaust(client, other);
    const pair = { address: client.address, email };
    expect(await release({ address: client.address })).toBe('204');
    expect(await release({ email })).toBe('204');
    expect(await release({ address: freshAddress(), email })).toBe('204');
    expect((await bucket('login-account', pair))?.remaining).toBe(0);
    expect(await release(pair)).toBe('204');
    expect((await bucket('login-account', pair))?.remaining).toBe(10);
    const kept = await explain({ address: client.address, email: other });
    expect(kept.find(({ policy }) => policy === 'login-account')?.remaining).toBe(0);
    expect(kept.find(({ policy }) => policy === 'login-account-all')?.remaining).toBeLessThan(50);
  });

  it('is told of before and after, by the account alone', async () => {
    const user = await signUp(test);
    const id = (await test.services.accounts.findByEmail(user.email))?.id;
    const address = freshAddress();
    await release({ email: user.email });
    await release({ address, email: newUser().email });
    jest.spyOn(test.backends.tokenBucketStore, 'fill').mockRejectedValueOnce(new Error('away'));
    expect(await release({ address })).toBe('500 internal_error');
    const events = await test.database.run((db) =>
      db.auditEvent.findMany({ where: { actorId: admin.id, type: 'authz_admin' }, orderBy: { id: 'asc' } }),
    );
    const told = events
      .map(({ outcome, subjectId, details }) => ({ outcome, subjectId, ...JSON.parse(details) }))
      .filter(({ what }) => what === 'limits released')
      .slice(-5);
    const what = 'limits released';
    expect(told).toEqual([
      { outcome: 'attempted', subjectId: id, what, address: false, email: true },
      { outcome: 'success', subjectId: id, what, address: false, email: true },
      { outcome: 'attempted', subjectId: null, what, address: true, email: true },
      { outcome: 'success', subjectId: null, what, address: true, email: true },
      { outcome: 'attempted', subjectId: null, what, address: true, email: false },
    ]);
    expect(JSON.stringify(told)).not.toContain('@');
    expect(JSON.stringify(told)).not.toContain(address);
  });

  it('releases nothing that cannot be told of', async () => {
    const [client, email] = [new ApiClient(test.app), newUser().email];
    await exhaust(client, email);
    jest.spyOn(test.backends.auditStore, 'record').mockRejectedValue(new Error('full'));
    expect(await release({ address: client.address, email })).toBe('500 internal_error');
    jest.restoreAllMocks();
    expect((await bucket('login-account', { address: client.address, email }))?.remaining).toBe(0);
  });
});
