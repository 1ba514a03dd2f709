import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { MAX_SESSIONS_PER_USER } from '../stores/session-record/session-record-store';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, type TestUser } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const away = new DependencyUnavailable('redis', new Error('away'));

describe.each(stateKinds)('what fails between store and record (%s)', (state) => {
  let test: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp({ state, env: { RATE_LIMIT_LOGIN: '1000/1000' } });
  });
  beforeEach(async () => {
    user = await signUp(test);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);
  const me = async (accessToken: string) => outcomeOf(await client().get('/users/me', accessToken));
  const refresh = async (refreshToken: string) =>
    outcomeOf(await client().post('/auth/refresh', { refreshToken }));
  const tryLogIn = async () => {
    const { email, password } = user;
    return outcomeOf(await client().post('/auth/login', { email, password }));
  };

  it('leaves no session behind where a login could not put it into the store', async () => {
    jest.spyOn(test.backends.sessionStore, 'restore').mockRejectedValueOnce(away);
    expect(await tryLogIn()).toBe('503 dependency_unavailable');
    const { accessToken } = await logIn(test, user);
    const { body } = await client().get('/users/me/sessions', accessToken);
    expect(body.sessions).toHaveLength(1);
  });

  it('lets a session that only the record knows to be over end with its next refresh', async () => {
    const oldest = await logIn(test, user);
    for (let count = 1; count < MAX_SESSIONS_PER_USER; count++) await logIn(test, user);
    jest.spyOn(test.backends.sessionStore, 'end').mockRejectedValueOnce(away);
    expect(await tryLogIn()).toBe('503 dependency_unavailable');
    expect(await refresh(oldest.refreshToken)).toBe('401 invalid_refresh_token');
    expect(await me(oldest.accessToken)).toBe('401 invalid_token');
  });

  it.each(['/auth/logout', '/auth/logout-all'])(
    'changes nothing by a %s that the record did not hear of, which can be made again',
    async (path) => {
      const { accessToken, refreshToken } = await logIn(test, user);
      const step = path === '/auth/logout' ? 'end' : 'endAll';
      jest.spyOn(test.backends.sessionRecords, step).mockRejectedValueOnce(away);
      const logOut = async () => outcomeOf(await client().post(path, undefined, accessToken));
      expect(await logOut()).toBe('503 dependency_unavailable');
      expect(await me(accessToken)).toBe('200');
      expect(await logOut()).toBe('204');
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(await refresh(refreshToken)).toBe('401 invalid_refresh_token');
    },
  );

  it.each(['/auth/logout', '/auth/logout-all'])(
    'lets a %s be made again that the store did not hear of',
    async (path) => {
      const { accessToken, refreshToken } = await logIn(test, user);
      const step = path === '/auth/logout' ? 'end' : 'endAll';
      jest.spyOn(test.backends.sessionStore, step).mockRejectedValueOnce(away);
      const logOut = async () => outcomeOf(await client().post(path, undefined, accessToken));
      expect(await logOut()).toBe('503 dependency_unavailable');
      expect(await logOut()).toBe('204');
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(await refresh(refreshToken)).toBe('401 invalid_refresh_token');
    },
  );

  it('tells the owner of a reuse all the same where the record did not hear of it at first', async () => {
    const { refreshToken } = await logIn(test, user);
    await refresh(refreshToken);
    test.clock.advance(31_000);
    jest.spyOn(test.backends.sessionRecords, 'endReused').mockRejectedValueOnce(away);
    expect(await refresh(refreshToken)).toBe('503 dependency_unavailable');
    expect(await refresh(refreshToken)).toBe('401 invalid_refresh_token');
    expect(await refresh(refreshToken)).toBe('401 invalid_refresh_token');
    await test.deliverMails();
    expect(test.mailer.to(user.email).filter(({ text }) => text.includes('outdated key'))).toHaveLength(1);
  });
});
