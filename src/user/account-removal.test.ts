import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, signUpAdmin, type TestUser, type Tokens } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

describe.each(stateKinds)('the removal of an account over %s', (state) => {
  let test: TestApp;
  let user: TestUser;
  let tokens: Tokens;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  beforeEach(async () => {
    user = await signUp(test);
    tokens = await logIn(test, user);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);
  const remove = async (password: string, { accessToken } = tokens) =>
    outcomeOf(await client().call('delete', '/users/me', { password }, accessToken));
  const me = async (accessToken: string) => outcomeOf(await client().get('/users/me', accessToken));

  it('asks for the password, then leaves nothing but an id in the audit trail', async () => {
    const other = await logIn(test, user);
    const { id } = (await client().get('/users/me', tokens.accessToken)).body;
    await client().post('/otp/request', { email: user.email, purpose: 'reset_password' });
    expect(await remove('not the one')).toBe('403 invalid_credentials');
    expect(await remove(user.password)).toBe('204');
    for (const { accessToken, refreshToken } of [tokens, other]) {
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(outcomeOf(await client().post('/auth/refresh', { refreshToken }))).toBe(
        '401 invalid_refresh_token',
      );
    }
    const { email, password } = user;
    expect(outcomeOf(await client().post('/auth/login', { email, password }))).toBe(
      '401 invalid_credentials',
    );
    const kept = await test.database.run(async (prisma) => ({
      users: await prisma.user.count({ where: { OR: [{ id }, { email }] } }),
      sessions: await prisma.session.count({ where: { userId: id } }),
      addresses: await prisma.knownAddress.count({ where: { userId: id } }),
      mails: await prisma.outboxMail.count({ where: { email } }),
      events: await prisma.auditEvent.findMany({ where: { subjectId: id }, orderBy: { id: 'asc' } }),
    }));
    expect(kept).toMatchObject({ users: 0, sessions: 0, addresses: 0, mails: 0 });
    expect(kept.events.at(-1)).toMatchObject({ type: 'user_deleted', actorId: id, outcome: 'success' });
    expect(JSON.stringify(kept.events)).not.toContain(email);
    expect(JSON.stringify(kept.events)).not.toContain(user.username);
  });

  it('lets the address be registered anew, by an account that has nothing of the old one', async () => {
    const { id } = (await client().get('/users/me', tokens.accessToken)).body;
    expect(await remove(user.password)).toBe('204');
    await signUp(test, user);
    const { accessToken } = await logIn(test, user);
    expect((await client().get('/users/me', accessToken)).body.id).not.toBe(id);
    expect(await me(tokens.accessToken)).toBe('401 invalid_token');
  });

  it('is refused to the last admin, and not to the last but one', async () => {
    const first = await signUpAdmin(test);
    const second = await signUpAdmin(test);
    expect(await remove(first.password, first)).toBe('204');
    expect(await remove(second.password, second)).toBe('409 last_admin');
    expect(await me(second.accessToken)).toBe('200');
  });

  it('is not made while the store is away, and can be made again', async () => {
    const away = new DependencyUnavailable('redis', new Error('away'));
    jest.spyOn(test.backends.sessionStore, 'beginChange').mockRejectedValueOnce(away);
    expect(await remove(user.password)).toBe('503 dependency_unavailable');
    expect(await me(tokens.accessToken)).toBe('200');
    expect(await remove(user.password)).toBe('204');
  });

  it('leaves no session alive where the store went away right after it', async () => {
    const away = new DependencyUnavailable('redis', new Error('away'));
    jest.spyOn(test.backends.sessionStore, 'endAll').mockRejectedValueOnce(away);
    expect(await remove(user.password)).toBe('503 dependency_unavailable');
    expect(await me(tokens.accessToken)).toBe('401 invalid_token');
  });
});
