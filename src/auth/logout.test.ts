import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, type TestUser } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

describe.each(stateKinds)('logout over %s', (state) => {
  let test: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp({ state });
    user = await signUp(test);
  });
  afterAll(() => test.close());

  const begin = () => logIn(test, user);
  const logout = (refreshToken?: string, accessToken?: string) =>
    new ApiClient(test.app).post('/auth/logout', refreshToken && { refreshToken }, accessToken);
  const me = async (accessToken: string) =>
    outcomeOf(await new ApiClient(test.app).get('/users/me', accessToken));
  const refresh = async (refreshToken: string) =>
    outcomeOf(await new ApiClient(test.app).post('/auth/refresh', { refreshToken }));

  it.each([
    ['the access token', false, true],
    ['the refresh token', true, false],
    ['both', true, true],
  ])('ends this session, and no other, at once by %s', async (_name, byRefresh, byAccess) => {
    const [ended, other] = [await begin(), await begin()];
    const response = await logout(
      byRefresh ? ended.refreshToken : undefined,
      byAccess ? ended.accessToken : undefined,
    );
    expect([response.status, response.text]).toEqual([204, '']);
    expect(await me(ended.accessToken)).toBe('401 invalid_token');
    expect(await refresh(ended.refreshToken)).toBe('401 invalid_refresh_token');
    expect(await me(other.accessToken)).toBe('200');
    expect(await refresh(other.refreshToken)).toBe('200');
  });

  it('takes a good refresh token beside an access token that is over', async () => {
    const tokens = await begin();
    test.clock.advance(901_000);
    expect(await me(tokens.accessToken)).toBe('401 invalid_token');
    expect((await logout(tokens.refreshToken, tokens.accessToken)).status).toBe(204);
    expect(await refresh(tokens.refreshToken)).toBe('401 invalid_refresh_token');
  });

  it('takes the refresh token before its last rotation', async () => {
    const tokens = await begin();
    const { body } = await new ApiClient(test.app).post('/auth/refresh', {
      refreshToken: tokens.refreshToken,
    });
    expect((await logout(tokens.refreshToken)).status).toBe(204);
    expect(await me(body.accessToken)).toBe('401 invalid_token');
  });

  it('ends both sessions where the two tokens are of different ones', async () => {
    const [one, two] = [await begin(), await begin()];
    expect((await logout(one.refreshToken, two.accessToken)).status).toBe(204);
    expect(await me(one.accessToken)).toBe('401 invalid_token');
    expect(await me(two.accessToken)).toBe('401 invalid_token');
  });

  it('says the same however often it is asked by refresh token', async () => {
    const { refreshToken, accessToken } = await begin();
    for (let round = 0; round < 3; round++) expect((await logout(refreshToken)).status).toBe(204);
    expect(outcomeOf(await logout(undefined, accessToken))).toBe('401 invalid_token');
    await test.deliverMails();
    expect(test.mailer.to(user.email).filter(({ text }) => text.includes('outdated key'))).toEqual([]);
  });

  it('asks for one of the two, and refuses what is neither', async () => {
    const none = await logout();
    expect(outcomeOf(none)).toBe('401 unauthenticated');
    expect(none.headers['www-authenticate']).toBe('Bearer');
    const bad = await logout(undefined, 'no.good.token');
    expect(outcomeOf(bad)).toBe('401 invalid_token');
    expect(bad.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    expect(outcomeOf(await logout('tgr_nonsense'))).toBe('401 invalid_refresh_token');
    const { accessToken } = await begin();
    expect(outcomeOf(await logout('tgr_nonsense', accessToken))).toBe('401 invalid_refresh_token');
    // The bad one beside it does not keep the session of the good one alive.
    expect(await me(accessToken)).toBe('401 invalid_token');
  });

  it('ends every session of the user, and nobody else’s, by logout-all', async () => {
    const mine = [await begin(), await begin(), await begin()];
    const stranger = await logIn(test, await signUp(test));
    const client = new ApiClient(test.app);
    expect((await client.post('/auth/logout-all', undefined, mine[0]?.accessToken)).status).toBe(204);
    for (const { accessToken, refreshToken } of mine) {
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(await refresh(refreshToken)).toBe('401 invalid_refresh_token');
    }
    expect(outcomeOf(await client.post('/auth/logout-all', undefined, mine[0]?.accessToken))).toBe(
      '401 invalid_token',
    );
    expect(outcomeOf(await client.post('/auth/logout-all'))).toBe('401 unauthenticated');
    expect(await me(stranger.accessToken)).toBe('200');
    expect(await me((await begin()).accessToken)).toBe('200');
  });
});

describe.each(stateKinds)('reauthentication over %s', (state) => {
  it('takes the own password alone, and counts wrong ones only', async () => {
    const test = await createTestApp({ state });
    try {
      const user = await signUp(test);
      const { accessToken } = await logIn(test, user);
      const client = new ApiClient(test.app);
      const give = (password: string) => client.post('/auth/reauthenticate', { password }, accessToken);
      for (let round = 0; round < 7; round++) expect((await give(user.password)).status).toBe(204);
      for (let round = 0; round < 5; round++) {
        expect(outcomeOf(await give('not this one'))).toBe('403 invalid_credentials');
      }
      expect(outcomeOf(await give(user.password))).toBe('429 rate_limited');
    } finally {
      await test.close();
    }
  });
});
