import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp, type TestUser, type Tokens } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const NEW_PASSWORD = 'copper-harbour-93';

describe.each(stateKinds)('a change of password over %s', (state) => {
  let test: TestApp;
  let user: TestUser;
  let tokens: Tokens;
  beforeAll(async () => {
    test = await createTestApp({ state, env: { RATE_LIMIT_REAUTH: '5/0.0001' } });
  });
  beforeEach(async () => {
    user = await signUp(test);
    tokens = await logIn(test, user);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);
  const change = (body: object, accessToken = tokens.accessToken) =>
    client().call('put', '/users/me/password', body, accessToken);
  const changeTo = async (newPassword: string, currentPassword = user.password) =>
    outcomeOf(await change({ currentPassword, newPassword }));
  const tryLogIn = async (password: string) =>
    outcomeOf(await client().post('/auth/login', { email: user.email, password }));
  const me = async (accessToken: string) => outcomeOf(await client().get('/users/me', accessToken));

  it('sets it, goes on with its own session alone, and tells the owner', async () => {
    const other = await logIn(test, user);
    expect(await changeTo(NEW_PASSWORD)).toBe('204');
    expect(await me(tokens.accessToken)).toBe('200');
    const { refreshToken } = tokens;
    expect(outcomeOf(await client().post('/auth/refresh', { refreshToken }))).toBe('200');
    expect(await me(other.accessToken)).toBe('401 invalid_token');
    expect(outcomeOf(await client().post('/auth/refresh', { refreshToken: other.refreshToken }))).toBe(
      '401 invalid_refresh_token',
    );
    expect(await tryLogIn(user.password)).toBe('401 invalid_credentials');
    expect(await tryLogIn(NEW_PASSWORD)).toBe('200');
    await test.deliverMails();
    expect(test.mailer.to(user.email)[0]?.subject).toContain('password was changed');
  });

  it('voids codes that were asked for before it', async () => {
    const { email } = user;
    await client().post('/otp/request', { email, purpose: 'reset_password' });
    await test.deliverMails();
    const otp = /^(\d{6})$/m.exec(test.mailer.to(email)[0]?.text ?? '')?.[1];
    expect(otp).toHaveLength(6);
    expect(await changeTo(NEW_PASSWORD)).toBe('204');
    const presented = await client().post('/otp/verify', { email, purpose: 'reset_password', otp });
    expect(outcomeOf(presented)).toBe('400 invalid_otp');
  });

  it('asks for the current one, five times', async () => {
    for (let time = 0; time < 5; time += 1) {
      expect(await changeTo(NEW_PASSWORD, 'not the one')).toBe('403 invalid_credentials');
    }
    expect(await changeTo(NEW_PASSWORD)).toBe('429 rate_limited');
    expect(await tryLogIn(user.password)).toBe('200');
  });

  it('holds the new one to the policy, and says nothing of the current one by it', async () => {
    const refused = await change({ currentPassword: 'not the one', newPassword: user.email });
    expect(outcomeOf(refused)).toBe('400 validation_failed');
    expect(refused.body.errors).toEqual([{ path: 'newPassword', message: expect.any(String) }]);
  });

  it('is refused without a member, with a foreign one, and to a guest', async () => {
    expect(outcomeOf(await change({ newPassword: NEW_PASSWORD }))).toBe('400 validation_failed');
    const body = { currentPassword: user.password, newPassword: NEW_PASSWORD };
    expect(outcomeOf(await change({ ...body, role: 'ADMIN' }))).toBe('400 validation_failed');
    const guest = (await client().post('/auth/guest')).body.accessToken;
    expect(outcomeOf(await change(body, guest))).toBe('403 forbidden');
  });

  it('lets one of many at once win', async () => {
    const app = await createTestApp({ state, env: { RATE_LIMIT_REAUTH: '100/1' } });
    try {
      const someone = await signUp(app, newUser());
      const { accessToken } = await logIn(app, someone);
      const results = await atOnce(64, async (index) => {
        const body = { currentPassword: someone.password, newPassword: `${NEW_PASSWORD} ${index}` };
        const answer = await new ApiClient(app.app).call('put', '/users/me/password', body, accessToken);
        return outcomeOf(answer);
      });
      expect(results.filter((result) => result === '204')).toHaveLength(1);
      expect(results.filter((result) => result === '403 invalid_credentials')).toHaveLength(63);
      const winner = `${NEW_PASSWORD} ${results.indexOf('204')}`;
      const { email } = someone;
      const login = await new ApiClient(app.app).post('/auth/login', { email, password: winner });
      expect(login.status).toBe(200);
    } finally {
      await app.close();
    }
  }, 30_000);

  it('is not made where the store cannot end the other sessions, and can be made again', async () => {
    const away = new DependencyUnavailable('redis', new Error('away'));
    jest.spyOn(test.backends.sessionStore, 'endAll').mockRejectedValueOnce(away);
    expect(await changeTo(NEW_PASSWORD)).toBe('503 dependency_unavailable');
    expect(await tryLogIn(user.password)).toBe('200');
    expect(await changeTo(NEW_PASSWORD)).toBe('204');
  });
});
