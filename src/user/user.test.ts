import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, type TestUser, type Tokens } from '../testing/api-client';
import { codeIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

interface ListedSession {
  readonly id: string;
  readonly current: boolean;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly address: string;
  readonly userAgent: string;
}

describe.each(stateKinds)('the signed-in user over %s', (state) => {
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
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);
  const me = (accessToken: string) => client().get('/users/me', accessToken);
  const rename = (username: unknown, accessToken = tokens.accessToken) =>
    client().call('patch', '/users/me', { username }, accessToken);
  const revoke = (id: string, accessToken = tokens.accessToken) =>
    client().call('delete', `/users/me/sessions/${id}`, undefined, accessToken);
  const list = async (accessToken = tokens.accessToken): Promise<ListedSession[]> =>
    (await client().get('/users/me/sessions', accessToken)).body.sessions;

  it('sees itself, and no hash', async () => {
    const { body } = await me(tokens.accessToken);
    expect(body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      email: user.email,
      username: user.username,
      role: 'USER',
      emailVerified: true,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('changes its name, which every other session shows at once', async () => {
    const other = await logIn(test, user);
    const response = await rename('Grace Hopper');
    expect(response.status).toBe(200);
    expect(response.body).toMatchObject({ email: user.email, username: 'Grace Hopper' });
    expect((await me(other.accessToken)).body).toEqual(response.body);
    const { body } = await client().post('/auth/refresh', { refreshToken: other.refreshToken });
    expect(body.user.username).toBe('Grace Hopper');
  });

  it('keeps sessions, credentials and codes through a change of the name', async () => {
    const row = () => test.database.run((db) => db.user.findUnique({ where: { email: user.email } }));
    const before = await row();
    const { length } = await list();
    await client().post('/otp/request', { email: user.email, purpose: 'login' });
    await test.deliverMails();
    const otp = codeIn(test.mailer.to(user.email)[0]);
    await rename('Grace Hopper');
    expect(await row()).toEqual({
      ...before,
      username: 'Grace Hopper',
      version: Number(before?.version) + 1,
    });
    expect(await list()).toHaveLength(length);
    const verified = await client().post('/otp/verify', { email: user.email, purpose: 'login', otp });
    expect(verified.body.user?.username).toBe('Grace Hopper');
  });

  it('shows the name of the last change, however many came at once', async () => {
    await Promise.all(Array.from({ length: 16 }, (_, index) => rename(`Ada ${index}`)));
    const row = await test.database.run((db) => db.user.findUnique({ where: { email: user.email } }));
    expect((await me(tokens.accessToken)).body.username).toBe(row?.username);
  });

  it('changes nothing but the name', async () => {
    for (const member of ['email', 'role', 'emailVerified', 'id', 'password']) {
      const body = { username: 'Eve', [member]: 'ADMIN' };
      const response = await client().call('patch', '/users/me', body, tokens.accessToken);
      expect(outcomeOf(response)).toBe('400 validation_failed');
      expect(response.body.errors[0].path).toBe(member);
    }
    for (const name of ['ad', 'a'.repeat(33), null, ['Ada'], 'Ada\n']) {
      expect(outcomeOf(await rename(name))).toBe('400 validation_failed');
    }
    expect((await me(tokens.accessToken)).body).toMatchObject({ username: user.username, role: 'USER' });
  });

  it('lists its sessions with address and device, this one marked', async () => {
    const login = await request(test.app)
      .post('/api/v1/auth/login')
      .set('X-Forwarded-For', '2001:db8:1:2:3:4:5:6')
      .set('User-Agent', `Browser/1.0 ${'x'.repeat(300)}`)
      .send({ email: user.email, password: user.password });
    test.clock.advance(60_000);
    const home = client();
    const { body } = await home.post('/auth/refresh', { refreshToken: tokens.refreshToken });
    const [first, second, ...others] = await list(body.accessToken);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ current: true, address: home.address });
    expect(second).toMatchObject({ current: false, address: '2001:db8:1:2::/64' });
    expect(second?.userAgent).toHaveLength(256);
    expect(Date.parse(String(first?.lastUsedAt)) - Date.parse(String(first?.createdAt))).toBeGreaterThan(
      59_000,
    );
    expect(second?.lastUsedAt).toBe(second?.createdAt);
    expect((await list(login.body.accessToken)).map(({ current }) => current)).toEqual([false, true]);
  });

  it('revokes one of its sessions, which is dead at once', async () => {
    const other = await logIn(test, user);
    const id = String((await list()).find(({ current }) => !current)?.id);
    const response = await revoke(id);
    expect([response.status, response.text]).toEqual([204, '']);
    expect(outcomeOf(await me(other.accessToken))).toBe('401 invalid_token');
    const { refreshToken } = other;
    expect(outcomeOf(await client().post('/auth/refresh', { refreshToken }))).toBe(
      '401 invalid_refresh_token',
    );
    expect((await list()).map(({ current }) => current)).toEqual([true]);
    expect(outcomeOf(await revoke(id))).toBe('404 not_found');
  });

  it('revokes the session it asks with', async () => {
    expect((await revoke(String((await list())[0]?.id))).status).toBe(204);
    expect(outcomeOf(await me(tokens.accessToken))).toBe('401 invalid_token');
  });

  it('finds no session of another user, and that one lives on', async () => {
    const stranger = await logIn(test, await signUp(test));
    const [theirs] = await list(stranger.accessToken);
    expect(outcomeOf(await revoke(String(theirs?.id)))).toBe('404 not_found');
    expect((await me(stranger.accessToken)).status).toBe(200);
    const { refreshToken } = stranger;
    expect((await client().post('/auth/refresh', { refreshToken })).status).toBe(200);
  });

  it('knows one spelling of an id: another revokes nothing in part', async () => {
    const user = await signUp(test);
    const tokens = await logIn(test, user);
    const { body } = await client().get('/users/me/sessions', tokens.accessToken);
    const id = String(body.sessions[0].id).toUpperCase();
    const answer = await client().call('delete', `/users/me/sessions/${id}`, undefined, tokens.accessToken);
    expect(outcomeOf(answer)).toBe('404 not_found');
    expect((await client().post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200);
  });

  it.each(['x', '1', '%00', "'%20OR%201=1", '01890a5d-ac96-774b-bcce-b302099a8057'])(
    'finds no session named %s',
    async (id) => {
      expect(outcomeOf(await revoke(id))).toBe('404 not_found');
    },
  );

  it('is no guest, who sees itself and no more', async () => {
    const { accessToken, user: guest } = (await client().post('/auth/guest')).body;
    expect((await me(accessToken)).body).toEqual({ id: guest.id, role: 'GUEST' });
    const [session] = await list();
    const answers = [
      await rename('Eve', accessToken),
      await client().get('/users/me/sessions', accessToken),
      await revoke(String(session?.id), accessToken),
    ];
    expect(answers.map(outcomeOf)).toEqual(Array(3).fill('403 forbidden'));
    expect(await list()).toHaveLength(1);
  });

  it('has at most 50 sessions: the 51st ends the oldest', async () => {
    for (let login = 0; login < 49; login++) await logIn(test, user);
    expect((await me(tokens.accessToken)).status).toBe(200);
    expect(await list()).toHaveLength(50);
    const last = await logIn(test, user);
    expect(outcomeOf(await me(tokens.accessToken))).toBe('401 invalid_token');
    const { refreshToken } = tokens;
    expect(outcomeOf(await client().post('/auth/refresh', { refreshToken }))).toBe(
      '401 invalid_refresh_token',
    );
    expect(await list(last.accessToken)).toHaveLength(50);
  });

  it('lists no session that has ended by disuse', async () => {
    test.clock.advance(604_800_000);
    const fresh = await logIn(test, user);
    expect((await list(fresh.accessToken)).map(({ current }) => current)).toEqual([true]);
  });
});
