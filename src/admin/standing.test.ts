import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, signUpAdmin, type TestUser, type Tokens } from '../testing/api-client';
import { codeIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const MINUTE_MS = 60_000;

describe.each(stateKinds)('the standing of a user over %s', (state) => {
  let test: TestApp;
  let admin: TestUser & Tokens & { readonly id: string };
  let user: TestUser;
  let tokens: Tokens;
  let id: string;
  beforeAll(async () => {
    test = await createTestApp({
      state,
      env: { RATE_LIMIT_GLOBAL: '100000/1000', ACCESS_TOKEN_TTL: '3600' },
    });
  });
  beforeEach(async () => {
    admin = await signUpAdmin(test);
    user = await signUp(test);
    tokens = await logIn(test, user);
    id = (await client().get('/users/me', tokens.accessToken)).body.id;
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);
  const call = (method: 'get' | 'patch' | 'delete' | 'post', path = '', body?: object, who = admin) =>
    client().call(method, `/admin/users/${id}${path}`, body, who.accessToken);
  const change = (body: object) => call('patch', '', body);
  const me = async () => outcomeOf(await client().get('/users/me', tokens.accessToken));
  const tryLogIn = async ({ email, password } = user) =>
    outcomeOf(await client().post('/auth/login', { email, password }));
  const inMinutes = (minutes: number) => new Date(test.clock.now() + minutes * MINUTE_MS).toISOString();
  const eventsOf = async (subjectId: string) =>
    (
      await test.database.run((prisma) =>
        prisma.auditEvent.findMany({ where: { subjectId, actorId: admin.id }, orderBy: { id: 'asc' } }),
      )
    ).map(({ type, details }) => [type, JSON.parse(details)]);

  it('shows a user as an admin sees one', async () => {
    const { body } = await call('get');
    expect(body).toEqual({
      id,
      email: user.email,
      username: user.username,
      role: 'USER',
      emailVerified: true,
      createdAt: expect.any(String),
      status: 'active',
      disabledUntil: null,
      disabledReason: null,
      lastLoginAt: expect.any(String),
    });
  });

  it('makes an admin and takes it back, for tokens that were issued before', async () => {
    const list = async () => outcomeOf(await client().get('/admin/users', tokens.accessToken));
    expect(await list()).toBe('403 forbidden');
    expect((await change({ role: 'ADMIN' })).body).toMatchObject({ role: 'ADMIN' });
    expect(await list()).toBe('200');
    expect((await client().get('/users/me', tokens.accessToken)).body.role).toBe('ADMIN');
    expect((await change({ role: 'USER' })).body).toMatchObject({ role: 'USER' });
    expect(await list()).toBe('403 forbidden');
    expect(await eventsOf(id)).toEqual([
      ['privilege_permissions_changed', { from: 'USER', to: 'ADMIN' }],
      ['privilege_permissions_changed', { from: 'ADMIN', to: 'USER' }],
    ]);
  });

  it('disables a user, whose sessions end at once, until enabled again', async () => {
    const disabled = await change({ disabled: true, disabledReason: 'a letter of theirs' });
    expect(disabled.body).toMatchObject({
      status: 'disabled',
      disabledUntil: null,
      disabledReason: 'a letter of theirs',
    });
    expect(await me()).toBe('401 invalid_token');
    const { refreshToken } = tokens;
    expect(outcomeOf(await client().post('/auth/refresh', { refreshToken }))).toBe(
      '401 invalid_refresh_token',
    );
    expect(await tryLogIn()).toBe('403 account_disabled');
    expect(await tryLogIn({ ...user, password: 'not the one' })).toBe('401 invalid_credentials');
    expect((await change({ disabled: false })).body).toMatchObject({
      status: 'active',
      disabledReason: null,
    });
    expect(await tryLogIn()).toBe('200');
    expect(await me()).toBe('401 invalid_token');
    const events = await eventsOf(id);
    expect(events).toEqual([
      ['authn_login_lock', { until: null }],
      ['user_updated', { what: 'enabled' }],
    ]);
  });

  it('lets a disabling end by itself', async () => {
    const disabledUntil = inMinutes(30);
    expect((await change({ disabled: true, disabledUntil })).body).toMatchObject({
      status: 'disabled',
      disabledUntil,
    });
    expect(await tryLogIn()).toBe('403 account_disabled');
    test.clock.advance(30 * MINUTE_MS);
    expect(await tryLogIn()).toBe('200');
    admin = { ...admin, ...(await logIn(test, admin)) };
    expect((await call('get')).body).toMatchObject({ status: 'active', disabledUntil: null });
  });

  it('does not carry the reason and the end of an old disabling into a new one', async () => {
    await change({ disabled: true, disabledUntil: inMinutes(1), disabledReason: 'old' });
    test.clock.advance(MINUTE_MS);
    expect((await change({ disabled: true })).body).toMatchObject({
      status: 'disabled',
      disabledUntil: null,
      disabledReason: null,
    });
  });

  it.each([
    [{}, ''],
    [{ role: 'GUEST' }, 'role'],
    [{ disabled: 'yes' }, 'disabled'],
    [{ disabledReason: 'x' }, 'disabled'],
    [{ disabled: false, disabledUntil: '2999-01-01T00:00:00Z' }, 'disabled'],
    [{ disabled: true, disabledUntil: '2001-01-01T00:00:00Z' }, 'disabledUntil'],
    [{ disabled: true, disabledUntil: 'tomorrow' }, 'disabledUntil'],
    [{ email: 'evil@example.com' }, 'email'],
    [{ passwordHash: 'x' }, 'passwordHash'],
  ])('refuses %j', async (body, path) => {
    const refused = await change(body);
    expect(outcomeOf(refused)).toBe('400 validation_failed');
    expect(refused.body.errors[0].path).toBe(path);
    expect(await me()).toBe('200');
    expect(await eventsOf(id)).toEqual([]);
  });

  it('makes no admin of a registration that nobody has proved', async () => {
    const email = `pending.${id}@example.com`;
    await client().post('/auth/register', { email, username: 'Grace Hopper', password: user.password });
    id = (await test.services.accounts.findByEmail(email))?.id ?? '';
    expect((await call('get')).body).toMatchObject({ status: 'pending', lastLoginAt: null });
    expect(outcomeOf(await change({ role: 'ADMIN' }))).toBe('400 validation_failed');
    expect(outcomeOf(await call('post', '/password-reset'))).toBe('404 not_found');
  });

  it('ends the sessions of a user, who may log in again', async () => {
    expect(outcomeOf(await call('post', '/logout'))).toBe('204');
    expect(await me()).toBe('401 invalid_token');
    expect(await tryLogIn()).toBe('200');
    expect(await eventsOf(id)).toEqual([['authn_token_revoked', { sessions: 1 }]]);
  });

  it('mails the user a code for a new password, and tells the admin nothing of it', async () => {
    const answer = await call('post', '/password-reset');
    expect([answer.status, answer.text]).toEqual([202, '']);
    await test.deliverMails();
    const { email } = user;
    const otp = codeIn(test.mailer.to(email)[0]);
    const presented = await client().post('/otp/verify', { email, purpose: 'reset_password', otp });
    expect(presented.body.resetToken).toHaveLength(43);
    expect(await eventsOf(id)).toEqual([['authz_admin', { what: 'password reset started' }]]);
  });

  it('removes a user', async () => {
    expect(outcomeOf(await call('delete'))).toBe('204');
    expect(await me()).toBe('401 invalid_token');
    expect(await tryLogIn()).toBe('401 invalid_credentials');
    for (const method of ['get', 'delete'] as const) {
      expect(outcomeOf(await call(method))).toBe('404 not_found');
    }
    expect(outcomeOf(await change({ role: 'ADMIN' }))).toBe('404 not_found');
    for (const path of ['/logout', '/password-reset']) {
      expect(outcomeOf(await call('post', path))).toBe('404 not_found');
    }
    expect(await eventsOf(id)).toEqual([['user_deleted', {}]]);
  });

  it('asks for a fresh session where a mistake costs most', async () => {
    test.clock.advance(15 * MINUTE_MS);
    for (const answer of [await change({ role: 'ADMIN' }), await call('delete')]) {
      expect(outcomeOf(answer)).toBe('403 reauthentication_required');
    }
    expect(outcomeOf(await call('post', '/logout'))).toBe('204');
  });

  it.each(['beginChange', 'endAll', 'endChange'] as const)(
    'is never shown as it was where the store fails at %s, and can be changed again',
    async (step) => {
      const body = step === 'endChange' ? { role: 'ADMIN' } : { disabled: true };
      const away = new DependencyUnavailable('redis', new Error('away'));
      jest.spyOn(test.backends.sessionStore, step).mockRejectedValueOnce(away);
      expect(outcomeOf(await change(body))).toBe('503 dependency_unavailable');
      const shown = await client().get('/users/me', tokens.accessToken);
      const expected = { beginChange: '200', endAll: '401 invalid_token', endChange: '200' }[step];
      expect(outcomeOf(shown)).toBe(expected);
      if (step === 'endChange') expect(shown.body.role).toBe('ADMIN');
      expect(outcomeOf(await change(body))).toBe('200');
    },
  );

  it('is not brought back by a request between the change and a failure to tell of it', async () => {
    await change({ role: 'ADMIN' });
    const { standings } = test.services;
    const make = standings.change.bind(standings);
    jest.spyOn(standings, 'change').mockImplementationOnce(async (...given) => {
      // Restores the session from the record as it is before the change.
      expect((await client().get('/users/me', tokens.accessToken)).body.role).toBe('ADMIN');
      return make(...given);
    });
    const away = new DependencyUnavailable('redis', new Error('away'));
    jest.spyOn(test.backends.sessionStore, 'endChange').mockRejectedValueOnce(away);
    expect(outcomeOf(await change({ role: 'USER' }))).toBe('503 dependency_unavailable');
    for (let minute = 0; minute < 3; minute += 1) {
      expect(outcomeOf(await client().get('/admin/users', tokens.accessToken))).toBe('403 forbidden');
      test.clock.advance(MINUTE_MS);
    }
  });

  it('makes no session fresh that has not seen the password, and none of a code alone an admin’s', async () => {
    await change({ role: 'ADMIN' });
    const promote = await client().call('patch', `/admin/users/${id}`, { role: 'ADMIN' }, tokens.accessToken);
    expect(outcomeOf(promote)).toBe('403 reauthentication_required');
    const { password } = user;
    expect(outcomeOf(await client().post('/auth/reauthenticate', { password }, tokens.accessToken))).toBe(
      '204',
    );
    await change({ role: 'USER' });
    const account = await test.services.accounts.find(id);
    await change({ role: 'ADMIN' });
    // A code was accepted while the user was none; the session is begun after that.
    const device = { address: '192.0.2.1', userAgent: 'test' };
    const by = { actorId: null, address: 'local', requestId: 'test' };
    if (account === undefined) throw new Error('there is no such account');
    expect(await test.services.sessions.begin(account, device, 'otp', by)).toBeUndefined();
  });

  it('refuses what cannot be stored', async () => {
    for (const disabledReason of ['a\u0000b', 'a\u001b[2J', 'a\u009bb']) {
      expect(outcomeOf(await change({ disabled: true, disabledReason }))).toBe('400 validation_failed');
    }
  });
});
