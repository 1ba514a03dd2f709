import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, type Tokens } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const DAY = 86_400_000;

describe.each(stateKinds)('refresh over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());
  afterEach(() => jest.restoreAllMocks());

  const begin = async () => {
    const user = await signUp(test);
    return { user, tokens: await logIn(test, user) };
  };
  const refresh = (refreshToken: string) => new ApiClient(test.app).post('/auth/refresh', { refreshToken });
  const rotated = async (refreshToken: string): Promise<Tokens> => {
    const response = await refresh(refreshToken);
    expect(outcomeOf(response)).toBe('200');
    return response.body;
  };
  const me = (accessToken: string) => new ApiClient(test.app).get('/users/me', accessToken);

  it('gives a new pair, both of which work', async () => {
    const { user, tokens } = await begin();
    const response = await refresh(tokens.refreshToken);
    expect(response.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: expect.any(String),
      refreshExpiresIn: 604_800,
      user: expect.objectContaining({ email: user.email }),
    });
    expect(response.body.refreshToken).not.toBe(tokens.refreshToken);
    expect((await me(response.body.accessToken)).status).toBe(200);
    await rotated(response.body.refreshToken);
  });

  it('gives the predecessor the same successor within 30 s of the first answer, and then takes it for reuse', async () => {
    const { user, tokens } = await begin();
    const { refreshToken } = await rotated(tokens.refreshToken);
    for (const wait of [0, 20_000, 9_000]) {
      test.clock.advance(wait);
      const replayed = await rotated(tokens.refreshToken);
      expect(replayed.refreshToken).toBe(refreshToken);
      expect((await me(replayed.accessToken)).status).toBe(200);
    }
    test.clock.advance(1_001);
    expect(outcomeOf(await refresh(tokens.refreshToken))).toBe('401 refresh_token_reused');
    expect(outcomeOf(await refresh(refreshToken))).toBe('401 invalid_refresh_token');
    await test.deliverMails();
    expect(test.mailer.to(user.email)[0]?.text).toMatch(/outdated key/);
  });

  it('takes anything older than the predecessor for reuse: the session is dead at once, the owner is told once', async () => {
    const { user, tokens } = await begin();
    const other = await logIn(test, user);
    const second = await rotated(tokens.refreshToken);
    const third = await rotated(second.refreshToken);
    const reused = await refresh(tokens.refreshToken);
    expect(outcomeOf(reused)).toBe('401 refresh_token_reused');
    expect(reused.headers['www-authenticate']).toBe('Bearer');
    for (const { accessToken } of [tokens, second, third]) {
      expect(outcomeOf(await me(accessToken))).toBe('401 invalid_token');
    }
    for (const { refreshToken } of [tokens, second, third]) {
      expect(outcomeOf(await refresh(refreshToken))).toBe('401 invalid_refresh_token');
    }
    expect((await me(other.accessToken)).status).toBe(200);
    await rotated(other.refreshToken);
    await test.deliverMails();
    expect(test.mailer.to(user.email).filter(({ text }) => text.includes('outdated key'))).toHaveLength(1);
  });

  it('refuses what is forged, foreign, cut or spelt in another way, and nothing is lost by it', async () => {
    const { user, tokens } = await begin();
    const other = await logIn(test, user);
    const bytesOf = (token: string) => Buffer.from(token.slice(4), 'base64url');
    const tokenOf = (bytes: Buffer) => `tgr_${bytes.toString('base64url')}`;
    const [own, foreign] = [bytesOf(tokens.refreshToken), bytesOf(other.refreshToken)];
    expect(tokenOf(own)).toBe(tokens.refreshToken);
    const flipped = [0, 8, 15, 16, 19, 20, 36, own.length - 1].map((at) => {
      const bytes = Buffer.from(own);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return tokenOf(bytes);
    });
    const next = Buffer.from(own);
    next.writeUInt32BE(2, 16);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(tokens.refreshToken.slice(-1));
    const respelt = tokens.refreshToken.slice(0, -1) + alphabet[last ^ 1];
    expect(bytesOf(respelt)).toEqual(own);
    const refused = [
      ...flipped,
      tokenOf(next),
      tokenOf(Buffer.concat([own.subarray(0, 20), foreign.subarray(20)])),
      tokenOf(own.subarray(0, -1)),
      tokenOf(Buffer.concat([own, Buffer.alloc(1)])),
      respelt,
      `${tokens.refreshToken}=`,
      ` ${tokens.refreshToken}`,
      tokens.refreshToken.replace('tgr_', 'TGR_'),
      tokens.refreshToken.slice(4),
      tokens.accessToken.slice(0, 512),
      '\0',
    ];
    for (const token of refused) {
      const response = await refresh(token);
      expect([token, outcomeOf(response)]).toEqual([token, '401 invalid_refresh_token']);
    }
    await rotated(other.refreshToken);
    await rotated(tokens.refreshToken);
  });

  it('ends a session that is not used for its time', async () => {
    const { tokens } = await begin();
    test.clock.advance(7 * DAY - 5_000);
    const { refreshToken } = await rotated(tokens.refreshToken);
    test.clock.advance(7 * DAY + 1_000);
    expect(outcomeOf(await refresh(refreshToken))).toBe('401 invalid_refresh_token');
  });

  it('ends a session at its age, however much it is used, and no token outlives it', async () => {
    let { tokens } = await begin();
    for (let day = 5; day < 30; day += 5) {
      test.clock.advance(5 * DAY);
      tokens = await rotated(tokens.refreshToken);
    }
    test.clock.advance(5 * DAY - 100_000);
    const { body } = await refresh(tokens.refreshToken);
    expect(body.refreshExpiresIn).toBeGreaterThan(80);
    expect(body.refreshExpiresIn).toBeLessThanOrEqual(100);
    expect(body.expiresIn).toBeLessThanOrEqual(100);
    test.clock.advance(100_000);
    expect(outcomeOf(await me(body.accessToken))).toBe('401 invalid_token');
    expect(outcomeOf(await refresh(body.refreshToken))).toBe('401 invalid_refresh_token');
  });

  it.each(['sessionRecords.advance', 'sessionStore.confirm'] as const)(
    'costs nothing while %s fails between the two steps of the store',
    async (step) => {
      const { user, tokens } = await begin();
      const away = new DependencyUnavailable('postgresql', new Error('away'));
      const failing =
        step === 'sessionRecords.advance'
          ? jest.spyOn(test.backends.sessionRecords, 'advance')
          : jest.spyOn(test.backends.sessionStore, 'confirm');
      failing.mockRejectedValue(away);
      const failed = await refresh(tokens.refreshToken);
      expect(outcomeOf(failed)).toBe('503 dependency_unavailable');
      expect(failed.headers['retry-after']).toBe('1');
      expect((await me(tokens.accessToken)).status).toBe(200);
      failing.mockRestore();
      test.clock.advance(DAY);
      const second = await rotated(tokens.refreshToken);
      expect((await rotated(tokens.refreshToken)).refreshToken).toBe(second.refreshToken);
      await rotated(second.refreshToken);
      await test.deliverMails();
      expect(test.mailer.to(user.email)).toHaveLength(1);
    },
  );

  it('answers where the record does not hear of the confirmation: the successor stands', async () => {
    const { tokens } = await begin();
    const failing = jest.spyOn(test.backends.sessionRecords, 'confirm');
    failing.mockRejectedValue(new DependencyUnavailable('postgresql', new Error('away')));
    const second = await rotated(tokens.refreshToken);
    expect(failing).toHaveBeenCalledTimes(1);
    expect((await rotated(tokens.refreshToken)).refreshToken).toBe(second.refreshToken);
    await rotated(second.refreshToken);
  });

  it('gives a disabled account nothing', async () => {
    const { user, tokens } = await begin();
    await test.database.run((db) =>
      db.user.update({ where: { email: user.email }, data: { disabledAt: new Date() } }),
    );
    expect(outcomeOf(await refresh(tokens.refreshToken))).toBe('401 invalid_refresh_token');
  });
});
