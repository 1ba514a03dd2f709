import { countOutcomes, outcomeOf } from '../../testing/answers';
import { ApiClient, logIn, newUser, signUp, signUpAdmin } from '../../testing/api-client';
import { atOnce, roundsOver } from '../../testing/at-once';
import { cliEvents, runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp, stateKinds, type TestApp } from '../../testing/test-app';

describe.each(stateKinds)('standing by the command line over %s', (state) => {
  const rounds = roundsOver(state, 20);
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
    await signUpAdmin(test);
  });
  afterAll(() => test.close());

  const me = (accessToken: string) => new ApiClient(test.app).get('/users/me', accessToken);

  it('gives and takes the role of an admin, in force for tokens that are out', async () => {
    const user = await signUp(test);
    const { accessToken } = await logIn(test, user);
    for (const [command, role] of [
      ['promote', 'ADMIN'],
      ['promote', 'ADMIN'],
      ['demote', 'USER'],
    ] as const) {
      const { code, data } = await runCliForJson(test, command, user.email);
      expect([code, data.account.role]).toEqual([0, role]);
      expect((await me(accessToken)).body.role).toBe(role);
    }
  });

  it('disables at once, with an end and a reason, and enables again', async () => {
    const user = await signUp(test);
    const [one, other] = [await logIn(test, user), await logIn(test, user)];
    const until = new Date(test.clock.now() + 3_600_000).toISOString();
    const { id } = (await me(one.accessToken)).body;
    const disabled = await runCliOn(test, 'disable', id, '--until', until, '--reason', 'lost laptop');
    expect(disabled).toEqual({
      code: 0,
      out: `${user.email} (${id}) is disabled until ${until}; sessions ended: 2\n`,
      err: '',
    });
    for (const { accessToken, refreshToken } of [one, other]) {
      expect(outcomeOf(await me(accessToken))).toBe('401 invalid_token');
      const refreshed = await new ApiClient(test.app).post('/auth/refresh', { refreshToken });
      expect(outcomeOf(refreshed)).toBe('401 invalid_refresh_token');
    }
    await expect(logIn(test, user)).rejects.toThrow('account_disabled');
    expect((await runCliForJson(test, 'enable', user.email)).data.account.disabled).toBe(false);
    await logIn(test, user);
  });

  it('disables for good where no end is given, whatever end there was', async () => {
    const user = await signUp(test);
    const until = new Date(test.clock.now() + 1_000).toISOString();
    await runCliOn(test, 'disable', user.email, '--until', until);
    await runCliOn(test, 'disable', user.email);
    test.clock.advance(10_000);
    await expect(logIn(test, user)).rejects.toThrow('account_disabled');
  });

  it('refuses an end that is past, a pending registration, and nobody', async () => {
    const user = await signUp(test);
    const past = new Date(test.clock.now() - 1_000).toISOString();
    expect(await runCliOn(test, 'disable', user.email, '--until', past)).toEqual({
      code: 2,
      out: '',
      err: expect.stringContaining('--until must be in the future'),
    });
    await logIn(test, user);
    const pending = newUser();
    await new ApiClient(test.app).post('/auth/register', pending);
    expect((await runCliForJson(test, 'promote', pending.email)).data.error.code).toBe('pending');
    expect((await runCliForJson(test, 'promote', '*@example.com')).data.error.code).toBe('not_found');
  });

  it('is told to the audit trail by whom nobody can be: no actor, this machine', async () => {
    const user = await signUp(test);
    await runCliOn(test, 'promote', user.email);
    const [told] = (await cliEvents(test)).slice(-1);
    expect(told).toEqual({
      type: 'privilege_permissions_changed',
      outcome: 'success',
      actorId: null,
      subjectId: expect.any(String),
      details: JSON.stringify({ from: 'USER', to: 'ADMIN' }),
      requestId: expect.stringMatching(/^cli-[0-9a-f]{16}$/),
    });
    await runCliOn(test, 'demote', user.email);
  });

  /** Two admins, and nobody else who is one. */
  async function twoAdmins() {
    const two = [await signUpAdmin(test), await signUpAdmin(test)] as const;
    const others = { id: { notIn: two.map(({ id }) => id) } };
    await test.database.run((db) => db.user.updateMany({ where: others, data: { role: 'USER' } }));
    return two;
  }
  const activeAdmins = async () =>
    test.database.run((db) =>
      db.user.findMany({ where: { role: 'ADMIN', disabledAt: null }, select: { id: true } }),
    );

  it(`keeps one of two admins, by 32 commands and 32 requests at once, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const [one, other] = await twoAdmins();
      const client = new ApiClient(test.app);
      const [verb, path] =
        round % 2 === 0 ? ['demote', `/admin/users/${other.id}`] : ['disable', '/users/me'];
      const [commands, requests] = await Promise.all([
        atOnce(32, () => runCliForJson(test, verb, one.email)),
        // The one demotes the other, or the other leaves.
        atOnce(32, () =>
          round % 2 === 0
            ? client.call('patch', path, { role: 'USER' }, one.accessToken)
            : client.call('delete', path, { password: other.password }, other.accessToken),
        ),
      ]);
      const done = commands.filter(({ code }) => code === 0).length;
      const answers = countOutcomes(requests);
      // Whoever came first went; the other stayed.
      expect(await activeAdmins()).toEqual([{ id: done > 0 ? other.id : one.id }]);
      expect((answers['200'] ?? 0) + (answers['204'] ?? 0) > 0).toBe(done === 0);
      expect(answers).not.toHaveProperty('500 internal_error');
      for (const { code, data } of commands)
        expect(code === 0 || data.error.code === 'last_admin').toBe(true);
    }
  }, 120_000);

  it(`keeps one of two admins whom 64 commands demote at once, ${rounds} times`, async () => {
    for (let round = 0; round < rounds; round++) {
      const [one, other] = await twoAdmins();
      const commands = await atOnce(64, async (index) => {
        const { email } = index % 2 === 0 ? one : other;
        return { email, ...(await runCliForJson(test, 'demote', email)) };
      });
      const admins = await activeAdmins();
      expect(admins).toHaveLength(1);
      const stayed = admins[0]?.id === one.id ? one : other;
      for (const { email, code, data } of commands) {
        if (email === stayed.email) expect([code, data.error?.code]).toEqual([1, 'last_admin']);
        else expect(code).toBe(0);
      }
    }
  }, 120_000);
});
