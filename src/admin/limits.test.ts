import request from 'supertest';
import { POLICIES, POLICY_NAMES } from '../limits/policies';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, BASE_PATH, beginSession, signUpAdmin, type TestUser } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const LIMITS = '/admin/limits';

describe.each(stateKinds)('limits at run time over %s', (state) => {
  let test: TestApp;
  let admin: TestUser & { readonly id: string };
  let accessToken: string;
  beforeAll(async () => {
    test = await createTestApp({ state });
    admin = await signUpAdmin(test);
  });
  beforeEach(async () => {
    ({ accessToken } = await beginSession(test, admin));
    await change('guest', { capacity: null, refillPerSecond: null, mode: null });
  });
  afterAll(() => test.close());

  const change = (policy: string, body: object) =>
    new ApiClient(test.app).call('patch', `${LIMITS}/${policy}`, body, accessToken);
  const show = async () => (await new ApiClient(test.app).get(LIMITS, accessToken)).body.policies;
  const guests = (times: number, client = new ApiClient(test.app)) =>
    atOnce(times, () => client.post('/auth/guest'));

  it('are all shown, as set', async () => {
    const policies = await show();
    expect(policies.map(({ name }: { name: string }) => name)).toEqual(POLICY_NAMES);
    expect(policies[2]).toEqual({
      name: 'login-account',
      capacity: 10,
      refillPerSecond: 0.02,
      mode: 'enforce',
      modeUntil: null,
      key: 'e-mail and address',
    });
    for (const { name, key } of policies) expect(key).toBe(POLICIES[name as 'global'].key);
  });

  it('hold from the answer on, exactly, with 64 at once', async () => {
    const changed = await change('guest', { capacity: 3, refillPerSecond: 0.001 });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({
      name: 'guest',
      capacity: 3,
      refillPerSecond: 0.001,
      mode: 'enforce',
      modeUntil: null,
      key: 'address',
    });
    expect((await show())[6]).toEqual(changed.body);
    const answers = await guests(64);
    expect(countOutcomes(answers)).toEqual({ 201: 3, '429 rate_limited': 61 });
    expect(answers[0]?.headers['ratelimit-policy']).toContain('"guest";q=3;w=3000');
    // One member alone; the other stays.
    expect((await change('guest', { capacity: 40 })).body).toMatchObject({
      capacity: 40,
      refillPerSecond: 0.001,
    });
    expect(countOutcomes(await guests(64))).toEqual({ 201: 40, '429 rate_limited': 24 });
  });

  it('return to the setting by null', async () => {
    await change('guest', { capacity: 1, refillPerSecond: 5, mode: 'shadow', ttl: 60 });
    expect((await change('guest', { capacity: null })).body).toMatchObject({ capacity: 10, mode: 'shadow' });
    const asSet = (await change('guest', { refillPerSecond: null, mode: null })).body;
    expect(asSet).toMatchObject({ capacity: 10, refillPerSecond: 0.1, mode: 'enforce', modeUntil: null });
  });

  it('lowered below what a client has used: empty, and open as soon as the new rate says', async () => {
    const client = new ApiClient(test.app);
    expect(countOutcomes(await guests(8, client))).toEqual({ 201: 8 });
    await change('guest', { capacity: 2, refillPerSecond: 0.05 });
    const refused = await client.post('/auth/guest');
    expect(outcomeOf(refused)).toBe('429 rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(20);
    test.clock.advance(20_500);
    expect(countOutcomes(await guests(9, client))).toEqual({ 201: 1, '429 rate_limited': 8 });
    test.clock.advance(3_600_000);
    expect(countOutcomes(await guests(9, client))).toEqual({ 201: 2, '429 rate_limited': 7 });
  });

  it('raised: more room at once, and what was used stays used', async () => {
    const client = new ApiClient(test.app);
    await change('guest', { capacity: 5, refillPerSecond: 0.001 });
    expect(countOutcomes(await guests(9, client))).toEqual({ 201: 5, '429 rate_limited': 4 });
    await change('guest', { capacity: 12 });
    expect(countOutcomes(await guests(64, client))).toEqual({ 201: 7, '429 rate_limited': 57 });
  });

  it('are exact however often they change while 64 ask at once', async () => {
    await change('guest', { capacity: 30, refillPerSecond: 0.001 });
    const client = new ApiClient(test.app);
    const [answers] = await Promise.all([
      guests(64, client),
      (async () => {
        for (const capacity of [5, 30, 1, 30]) await change('guest', { capacity });
      })(),
    ]);
    expect(countOutcomes(answers)['201']).toBeLessThanOrEqual(30 + 29 + 25);
    await change('guest', { capacity: 30 });
    const rest = await guests(64, client);
    expect(countOutcomes(rest)['201'] ?? 0).toBeLessThanOrEqual(30);
    expect(countOutcomes(await guests(9, client))).toEqual({ '429 rate_limited': 9 });
  });

  it.each([
    [{}, ''],
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: 1_000_001 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ capacity: -3 }, 'capacity'],
    [{ capacity: '10' }, 'capacity'],
    [{ refillPerSecond: 0 }, 'refillPerSecond'],
    [{ refillPerSecond: -0.1 }, 'refillPerSecond'],
    [{ refillPerSecond: 1e-300 }, 'refillPerSecond'],
    [{ refillPerSecond: 1_000_001 }, 'refillPerSecond'],
    [{ refillPerSecond: [1] }, 'refillPerSecond'],
    [{ mode: 'off' }, 'mode'],
    [{ mode: 'shadow' }, 'ttl'],
    [{ mode: 'shadow', ttl: 0 }, 'ttl'],
    [{ mode: 'shadow', ttl: 86_401 }, 'ttl'],
    [{ mode: 'shadow', ttl: 1.5 }, 'ttl'],
    [{ mode: 'shadow', ttl: null }, 'ttl'],
    [{ mode: 'enforce', ttl: 60 }, 'ttl'],
    [{ mode: null, ttl: 60 }, 'ttl'],
    [{ capacity: 5, ttl: 60 }, 'ttl'],
    [{ ttl: 60 }, 'ttl'],
    [{ capacity: 5, policy: 'global' }, 'policy'],
    [{ capacity: 5, rateSince: 0 }, 'rateSince'],
  ])('refuse %j, and stay', async (body, path) => {
    const refused = await change('guest', body);
    expect(outcomeOf(refused)).toBe('400 validation_failed');
    expect(refused.body.errors[0].path).toBe(path);
    expect((await show())[6]).toMatchObject({ capacity: 10, refillPerSecond: 0.1, mode: 'enforce' });
  });

  it('take the ends of what a limit can be, and no number beyond them', async () => {
    for (const rate of [
      { capacity: 1_000_000, refillPerSecond: 1_000_000 },
      { capacity: 1, refillPerSecond: 1e-9 },
    ]) {
      expect((await change('guest', rate)).body).toMatchObject(rate);
      const client = new ApiClient(test.app);
      expect(countOutcomes(await guests(2, client))['201']).toBe(Math.min(2, rate.capacity));
    }
    const send = (json: string) =>
      request(test.app)
        .patch(`${BASE_PATH}${LIMITS}/guest`)
        .set('Authorization', `Bearer ${accessToken}`)
        .set('Content-Type', 'application/json')
        .send(json);
    for (const number of ['1e400', '-1e400']) {
      expect(outcomeOf(await send(`{"refillPerSecond":${number}}`))).toBe('400 validation_failed');
      expect(outcomeOf(await send(`{"capacity":${number}}`))).toBe('400 validation_failed');
    }
    for (const number of ['NaN', 'Infinity']) {
      expect(outcomeOf(await send(`{"capacity":${number}}`))).toBe('400 malformed_json');
    }
  });

  it('are those there are and no other', async () => {
    const rows = () => test.database.run((db) => db.limitOverride.count());
    const before = await rows();
    for (const name of ['nope', 'GUEST', '__proto__', 'constructor', 'RATE_LIMIT_GUEST', 'explain', '%00']) {
      expect(outcomeOf(await change(name, { capacity: 5 }))).toBe('404 not_found');
    }
    expect(await rows()).toBe(before);
  });

  it('are told of in the audit trail, in the transaction of the change', async () => {
    await change('guest', { capacity: 3, mode: 'shadow', ttl: 60 });
    await change('guest', { capacity: null, mode: 'enforce' });
    const events = await test.database.run((db) =>
      db.auditEvent.findMany({
        where: { actorId: admin.id, type: 'authz_admin' },
        orderBy: { id: 'desc' },
        take: 2,
      }),
    );
    expect(events.map(({ outcome, subjectId }) => [outcome, subjectId])).toEqual(
      Array(2).fill(['success', null]),
    );
    const what = { what: 'limit changed', policy: 'guest', refillPerSecond: null };
    expect(events.map(({ details }) => JSON.parse(details))).toEqual([
      { ...what, capacity: null, mode: 'enforce', until: null },
      { ...what, capacity: 3, mode: 'shadow', until: expect.any(Number) },
    ]);
    jest.spyOn(test.backends.limitOverrideStore, 'change').mockRejectedValueOnce(new Error('no'));
    expect(outcomeOf(await change('guest', { capacity: 3 }))).toBe('500 internal_error');
    expect((await show())[6]).toMatchObject({ capacity: 10 });
    jest.restoreAllMocks();
  });
});
