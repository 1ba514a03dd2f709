import { DependencyUnavailable } from '../../stores/dependency-unavailable';
import { outcomeOf } from '../../testing/answers';
import { ApiClient, logIn, signUp } from '../../testing/api-client';
import { atOnce } from '../../testing/at-once';
import { cliEvents, runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp, stateKinds, type TestApp } from '../../testing/test-app';

describe.each(stateKinds)('ending sessions by the command line over %s', (state) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await createTestApp({ state });
  }, 30_000);
  afterEach(() => test.close());

  const me = async (accessToken: string) =>
    outcomeOf(await new ApiClient(test.app).get('/users/me', accessToken));

  it('ends those of one account, and nobody else’s', async () => {
    const [user, other] = [await signUp(test), await signUp(test)];
    const ended = [await logIn(test, user), await logIn(test, user)];
    const kept = await logIn(test, other);
    const { code, out } = await runCliOn(test, 'revoke-all', user.email);
    expect([code, out]).toEqual([0, expect.stringContaining(`Every session of ${user.email} (`)]);
    for (const { accessToken } of ended) expect(await me(accessToken)).toBe('401 invalid_token');
    expect(await me(kept.accessToken)).toBe('200');
    expect((await cliEvents(test)).map(({ type, details }) => [type, JSON.parse(details)])).toEqual([
      ['authn_token_revoked', { sessions: 2 }],
    ]);
    await logIn(test, user);
  }, 30_000);

  it('ends those of everybody, batch by batch, told before, for each, and after', async () => {
    const users = await atOnce(21, () => signUp(test));
    const sessions = await Promise.all(users.map((user) => logIn(test, user)));
    const { sessionRecords } = test.backends;
    const list = sessionRecords.listUsers.bind(sessionRecords);
    const inSevens = jest.spyOn(sessionRecords, 'listUsers').mockImplementation((after) => list(after, 7));
    expect(await runCliForJson(test, 'revoke-all', '--everybody', '--yes')).toMatchObject({
      code: 0,
      data: { users: 7 },
    });
    inSevens.mockRestore();
    expect(await runCliForJson(test, 'revoke-all', '--everybody', '--yes')).toMatchObject({
      code: 0,
      data: { users: 14 },
    });
    for (const { accessToken } of sessions) expect(await me(accessToken)).toBe('401 invalid_token');
    const told = (await cliEvents(test)).slice(-16);
    expect(told.at(0)).toMatchObject({ type: 'authn_token_revoked', outcome: 'attempted', subjectId: null });
    expect(new Set(told.slice(1, -1).map(({ subjectId }) => subjectId)).size).toBe(14);
    expect(told.at(-1)).toMatchObject({
      outcome: 'success',
      details: JSON.stringify({ what: 'everybody', users: 14 }),
    });
    expect(await runCliForJson(test, 'revoke-all', '--everybody', '--yes')).toMatchObject({
      data: { users: 0 },
    });
  }, 30_000);

  it('ends with 1 where the record goes away half way, and does the rest when it is given again', async () => {
    const users = await atOnce(9, () => signUp(test));
    const sessions = await Promise.all(users.map((user) => logIn(test, user)));
    const away = new DependencyUnavailable('postgresql', new Error('gone'));
    jest.spyOn(test.backends.sessionRecords, 'endAll').mockRejectedValueOnce(away);
    const { code, out, err } = await runCliOn(test, 'revoke-all', '--everybody', '--yes');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('the same command can be given again');
    expect((await runCliOn(test, 'revoke-all', '--everybody', '--yes')).code).toBe(0);
    for (const { accessToken } of sessions) expect(await me(accessToken)).toBe('401 invalid_token');
  }, 30_000);
});

it('lists users with a live session once each, in pages that lose and repeat nobody', async () => {
  const test = await createTestApp();
  const { sessionRecords } = test.backends;
  const users = await atOnce(7, () => signUp(test));
  for (const user of users) await Promise.all([logIn(test, user), logIn(test, user)]);
  const [gone] = users;
  await runCliOn(test, 'revoke-all', String(gone?.email));
  const found: string[] = [];
  for (let last: string | undefined; ; last = found.at(-1)) {
    const page = await sessionRecords.listUsers(last, 2);
    found.push(...page);
    if (page.length === 0) break;
  }
  expect(found).toEqual([...new Set(found)].sort());
  expect(found).toHaveLength(6);
  test.clock.advance(1_000 * test.config.sessionMaxAge);
  expect(await sessionRecords.listUsers(undefined, 10)).toEqual([]);
  await test.close();
}, 30_000);
