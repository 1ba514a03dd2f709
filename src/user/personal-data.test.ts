import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, signUpAdmin } from '../testing/api-client';
import { createTestApp, type TestApp } from '../testing/test-app';

describe('the export of what is held about a user', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ env: { RATE_LIMIT_GLOBAL: '100000/1000' } });
  });
  afterAll(() => test.close());

  const client = () => new ApiClient(test.app);

  it('holds every kind, and no secret', async () => {
    const admin = await signUpAdmin(test);
    const user = await signUp(test);
    const { accessToken } = await logIn(test, user);
    const newEmail = `other.${user.email}`;
    const change = { newEmail, password: user.password };
    expect((await client().post('/users/me/email', change, accessToken)).status).toBe(202);
    const { id } = (await client().get('/users/me', accessToken)).body;
    const logout = await client().post(`/admin/users/${id}/logout`, undefined, admin.accessToken);
    expect(logout.status).toBe(204);
    const { accessToken: again } = await logIn(test, user);
    const exported = await client().get('/users/me/export', again);
    expect(exported.status).toBe(200);
    expect(exported.headers['content-type']).toMatch(/^application\/json/);
    expect(exported.body).toMatchObject({
      exportedAt: expect.any(String),
      user: { id, email: user.email, username: user.username, lastLoginAt: expect.any(String) },
      emailChanges: [{ fromEmail: user.email, toEmail: newEmail, confirmedAt: null }],
    });
    const { sessions, knownAddresses, waitingMails, auditEvents } = exported.body;
    expect(sessions).toHaveLength(2);
    expect(knownAddresses).toHaveLength(2);
    expect(waitingMails.map(({ kind }: { kind: string }) => kind)).toContain('EMAIL_CHANGE_NOTICE');
    const types = auditEvents.map(({ type }: { type: string }) => type);
    expect(types).toEqual(expect.arrayContaining(['user_created', 'authn_login_success', 'sensitive_read']));
    // The admin's address is the admin's.
    const revoked = auditEvents.find(({ type }: { type: string }) => type === 'authn_token_revoked');
    expect(revoked).toMatchObject({ actorId: admin.id, address: null });
    const rows = await test.database.run((prisma) =>
      prisma.user.findUniqueOrThrow({ where: { id }, include: { sessions: true } }),
    );
    const secrets = [rows.passwordHash ?? '', ...rows.sessions.map(({ secret }) => secret), rows.auditKey];
    for (const secret of secrets) {
      const bytes = Buffer.from(secret as string | Uint8Array);
      for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
        expect(exported.text).not.toContain(bytes.toString(encoding));
      }
    }
  });

  it('holds all events, however many', async () => {
    const user = await signUp(test);
    const { accessToken } = await logIn(test, user);
    for (let time = 0; time < 205; time += 1) {
      await client().call('patch', '/users/me', { username: `Ada ${time}` }, accessToken);
    }
    const { auditEvents } = (await client().get('/users/me/export', accessToken)).body;
    const ids = auditEvents.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(auditEvents.filter(({ type }: { type: string }) => type === 'user_updated')).toHaveLength(206);
  }, 30_000);

  it('holds nothing of anybody else, and is for those signed in', async () => {
    const [user, other] = [await signUp(test), await signUp(test)];
    const { accessToken } = await logIn(test, user);
    await logIn(test, other);
    const { text } = await client().get('/users/me/export', accessToken);
    expect(text).not.toContain(other.email);
    const guest = (await client().post('/auth/guest')).body.accessToken;
    expect(outcomeOf(await client().get('/users/me/export', guest))).toBe('403 forbidden');
    expect(outcomeOf(await client().get('/users/me/export'))).toBe('401 unauthenticated');
  });
});
