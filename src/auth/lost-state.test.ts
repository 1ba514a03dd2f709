import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

describe.each(stateKinds)('a session whose working state was lost (%s)', (state) => {
  let test: TestApp;
  /** Another instance over the same record, under an empty store. */
  let emptied: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  beforeEach(async () => {
    emptied = await createTestApp({ state, databaseUrl: test.databaseUrl });
    emptied.clock.advance(test.clock.offset);
  });
  afterEach(() => emptied.close());
  afterAll(() => test.close());

  const begin = async () => logIn(test, await signUp(test));
  const refresh = (refreshToken: string, on: TestApp) =>
    new ApiClient(on.app).post('/auth/refresh', { refreshToken });
  const me = async (accessToken: string) =>
    outcomeOf(await new ApiClient(emptied.app).get('/users/me', accessToken));

  it('goes on, with the predecessor still good for its grace', async () => {
    const tokens = await begin();
    const { body: second } = await refresh(tokens.refreshToken, test);
    expect(await me(second.accessToken)).toBe('200');
    const replayed = await refresh(tokens.refreshToken, emptied);
    expect(replayed.body.refreshToken).toBe(second.refreshToken);
    expect(outcomeOf(await refresh(second.refreshToken, emptied))).toBe('200');
  });

  it('still knows what is reuse', async () => {
    const tokens = await begin();
    const { body: second } = await refresh(tokens.refreshToken, test);
    const { body: third } = await refresh(second.refreshToken, test);
    expect(outcomeOf(await refresh(tokens.refreshToken, emptied))).toBe('401 refresh_token_reused');
    expect(await me(third.accessToken)).toBe('401 invalid_token');
    expect(outcomeOf(await refresh(third.refreshToken, emptied))).toBe('401 invalid_refresh_token');
  });

  it('does not get its grace a second time', async () => {
    const tokens = await begin();
    await refresh(tokens.refreshToken, test);
    emptied.clock.advance(31_000);
    expect(outcomeOf(await refresh(tokens.refreshToken, emptied))).toBe('401 refresh_token_reused');
  });

  it('stays ended where it was ended, and stays disabled', async () => {
    const [ended, disabled] = [await begin(), await begin()];
    await new ApiClient(test.app).post('/auth/logout', undefined, ended.accessToken);
    const { body } = await new ApiClient(test.app).get('/users/me', disabled.accessToken);
    await test.database.run((db) =>
      db.user.update({ where: { id: body.id }, data: { disabledAt: new Date() } }),
    );
    for (const { accessToken, refreshToken } of [ended, disabled]) {
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(outcomeOf(await refresh(refreshToken, emptied))).toBe('401 invalid_refresh_token');
    }
  });

  it('ends when it was to end', async () => {
    const { accessToken, refreshToken } = await begin();
    emptied.clock.advance(7 * 86_400_000 + 1_000);
    expect(await me(accessToken)).toBe('401 invalid_token');
    expect(outcomeOf(await refresh(refreshToken, emptied))).toBe('401 invalid_refresh_token');
  });
});
