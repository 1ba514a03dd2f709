import { loadConfig } from '../config';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { LimitChange, LimitOverride } from '../stores/limit-override/limit-override-store';
import { FrozenClock } from '../testing/test-clock';
import { PoliciesInForce } from './policies-in-force';

const BY_TEST = { actorId: null, address: 'local', requestId: 'test' };
const AWAY = new DependencyUnavailable('postgresql', new Error('away'));

const { rates: settings } = loadConfig({
  DATABASE_URL: 'postgresql://x/y',
  SMTP_URL: 'smtp://x',
  JWT_SECRET: 'a-signing-secret-for-the-tests-alone-0001',
  SECRET_KEYS: 'a-derivation-secret-for-the-tests-alone-01',
  PASSWORD_PEPPER: 'a-pepper-for-the-tests-alone-000000000001',
});

function begin() {
  const clock = new FrozenClock();
  const rows = new Map<string, LimitOverride>();
  const asSet = { capacity: null, refillPerSecond: null, shadowUntil: null, rateSince: 0, changedAt: 0 };
  const store = {
    list: jest.fn(async (): Promise<readonly LimitOverride[]> => [...rows.values()]),
    change: jest.fn(async (policy: string, change: LimitChange) => {
      const before = rows.get(policy) ?? asSet;
      const after = { ...before, ...(change as object), policy, changedAt: before.changedAt + 1 };
      rows.set(policy, after);
      return after;
    }),
  };
  const warn = jest.fn();
  const policies = new PoliciesInForce({ settings, store, clock, logger: { warn } });
  /** As another instance does. */
  const elsewhere = (policy: string, change: LimitChange) => store.change(policy, change);
  return { clock, rows, store, warn, policies, elsewhere };
}

describe('the policies in force', () => {
  afterEach(() => jest.useRealTimers());

  it('are the settings until something is changed', async () => {
    const { policies } = begin();
    await policies.refresh();
    expect(policies.of('login')).toEqual({
      capacity: 10,
      refillPerSecond: 2,
      since: 0,
      mode: 'enforce',
      modeUntil: null,
    });
    expect(policies.all()).toHaveLength(12);
  });

  it('take what was changed elsewhere at the next look, and what was changed here at once', async () => {
    const { policies, elsewhere } = begin();
    await elsewhere('login', { capacity: 3 });
    expect(policies.of('login').capacity).toBe(10);
    await policies.refresh();
    expect(policies.of('login')).toMatchObject({ capacity: 3, refillPerSecond: 2 });
    expect(await policies.change('login', { capacity: 4 }, BY_TEST)).toMatchObject({ capacity: 4 });
    expect(policies.of('login').capacity).toBe(4);
    expect(policies.of('guest').capacity).toBe(10);
  });

  it('end a shadow by themselves, to the millisecond', async () => {
    const { policies, clock } = begin();
    const shadowUntil = clock.now() + 60_000;
    await policies.change('login', { shadowUntil }, BY_TEST);
    clock.advance(59_999);
    expect(policies.of('login')).toMatchObject({ mode: 'shadow', modeUntil: shadowUntil });
    clock.advance(1);
    expect(policies.of('login')).toMatchObject({ mode: 'enforce', modeUntil: null });
  });

  it('look every second while nobody asks, one look at a time, until ended', async () => {
    jest.useFakeTimers();
    const { policies, store, elsewhere } = begin();
    const stop = policies.start();
    await elsewhere('login', { capacity: 3 });
    await jest.advanceTimersByTimeAsync(999);
    expect(policies.of('login').capacity).toBe(10);
    await jest.advanceTimersByTimeAsync(1);
    expect(policies.of('login').capacity).toBe(3);
    let answer: (rows: readonly LimitOverride[]) => void = () => {};
    store.list.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const before = store.list.mock.calls.length;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(store.list.mock.calls.length).toBe(before + 1);
    answer([]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(store.list.mock.calls.length).toBe(before + 2);
    stop();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(store.list.mock.calls.length).toBe(before + 2);
  });

  it('go on as last known while the database is away, and say so once', async () => {
    const { policies, store, warn, elsewhere } = begin();
    await elsewhere('login', { capacity: 3 });
    await policies.refresh();
    store.list.mockRejectedValueOnce(AWAY).mockRejectedValueOnce(AWAY).mockRejectedValueOnce(AWAY);
    for (let look = 0; look < 3; look += 1) await policies.refresh();
    expect(policies.of('login').capacity).toBe(3);
    expect(warn).toHaveBeenCalledTimes(1);
    await elsewhere('login', { capacity: 5 });
    await policies.refresh();
    expect(policies.of('login').capacity).toBe(5);
    store.list.mockRejectedValueOnce(AWAY);
    await policies.refresh();
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('are the settings where the database is away from the start', async () => {
    const { policies, store } = begin();
    store.list.mockRejectedValue(AWAY);
    await policies.refresh();
    expect(policies.of('login')).toMatchObject({ capacity: 10, mode: 'enforce' });
  });

  it('do not go back by a look that began before a change', async () => {
    const { policies, store, rows, elsewhere } = begin();
    await elsewhere('login', { capacity: 3 });
    let answer: (rows: readonly LimitOverride[]) => void = () => {};
    const old = [...rows.values()];
    store.list.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const look = policies.refresh();
    await policies.change('login', { capacity: 4 }, BY_TEST);
    answer(old);
    await look;
    expect(policies.of('login').capacity).toBe(4);
  });

  it('do not change by a change that failed, nor by a row of a policy that there is not', async () => {
    const { policies, store, elsewhere } = begin();
    store.change.mockRejectedValueOnce(AWAY);
    await expect(policies.change('login', { capacity: 4 }, BY_TEST)).rejects.toBe(AWAY);
    expect(policies.of('login').capacity).toBe(10);
    for (const name of ['of-another-version', '__proto__']) await elsewhere(name, { capacity: 4 });
    await policies.refresh();
    expect(policies.all()).toHaveLength(12);
    expect(policies.all().some(({ capacity }) => capacity === 4)).toBe(false);
  });
});
