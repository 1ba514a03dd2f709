import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp, type TestUser } from '../testing/api-client';
import { BrowserClient, setCookies } from '../testing/browser-client';
import { codeIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const away = new DependencyUnavailable('postgresql', new Error('away'));
const TOKEN = /tgr_[\w-]{70}/;

describe.each(stateKinds)('transport=cookie over %s', (state) => {
  let test: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp({
      state,
      env: { BASE_URL: 'https://tollgate.test', RATE_LIMIT_LOGIN: '1000/1000' },
    });
    user = await signUp(test);
  });
  afterAll(() => test.close());
  afterEach(() => jest.restoreAllMocks());

  const newBrowser = () => new BrowserClient(test.app);
  const credentials = () => ({ email: user.email, password: user.password });
  /** A browser with a session, and its access token. */
  const begin = async () => {
    const browser = newBrowser();
    const { body } = await browser.post('/auth/login', credentials());
    return { browser, accessToken: body.accessToken as string };
  };
  const tokenIn = (browser: BrowserClient) => TOKEN.exec(browser.cookie ?? '')?.[0] ?? '';
  const me = async (accessToken: string) =>
    outcomeOf(await new ApiClient(test.app).get('/users/me', accessToken));
  const refresh = async (browser: BrowserClient) => outcomeOf(await browser.post('/auth/refresh'));
  const refreshByBody = async (refreshToken: string) =>
    outcomeOf(await new ApiClient(test.app).post('/auth/refresh', { refreshToken }));
  const answer = () => ({
    accessToken: expect.any(String),
    tokenType: 'Bearer',
    expiresIn: 900,
    refreshExpiresIn: 604_800,
    user: expect.objectContaining({ email: user.email }),
  });

  describe('at login and refresh', () => {
    it('answers as ever, but for the refresh token, which is in the cookie alone', async () => {
      const browser = newBrowser();
      const login = await browser.post('/auth/login', credentials());
      const first = tokenIn(browser);
      const rotated = await browser.post('/auth/refresh');
      const second = tokenIn(browser);
      for (const response of [login, rotated]) {
        expect([response.status, response.body]).toEqual([200, answer()]);
        expect(response.text).not.toMatch(TOKEN);
        expect(await me(response.body.accessToken)).toBe('200');
      }
      expect(first).toMatch(TOKEN);
      expect(second).toMatch(TOKEN);
      expect(second).not.toBe(first);
    });

    it('takes the cookie with no body and with an empty one', async () => {
      const { browser } = await begin();
      expect(outcomeOf(await browser.post('/auth/refresh'))).toBe('200');
      expect(outcomeOf(await browser.post('/auth/refresh', {}))).toBe('200');
    });

    it.each([
      ['a refresh token', () => ({ refreshToken: 'tgr_x' })],
      ['something else', () => ({ more: 1 })],
      ['a list', () => []],
    ])('refuses %s in the body beside the cookie, and the cookie is none the worse', async (_what, body) => {
      const { browser, accessToken } = await begin();
      for (const path of ['/auth/refresh', '/auth/logout']) {
        const response = await browser.post(path, body(), accessToken);
        expect(outcomeOf(response)).toBe('400 validation_failed');
        expect(setCookies(response)).toEqual([]);
      }
      expect(await me(accessToken)).toBe('200');
      expect(await refresh(browser)).toBe('200');
    });

    it('sets nothing where the login fails', async () => {
      const { browser } = await begin();
      const before = browser.cookie;
      const failed = await browser.post('/auth/login', { ...credentials(), password: 'not this one' });
      expect([outcomeOf(failed), setCookies(failed)]).toEqual(['401 invalid_credentials', []]);
      expect(browser.cookie).toBe(before);
      expect(await refresh(browser)).toBe('200');
    });

    it('begins a session of its own at each login, whatever cookie is there', async () => {
      const { browser: attacker } = await begin();
      const victim = newBrowser();
      victim.cookie = attacker.cookie;
      await victim.post('/auth/login', credentials());
      const planted = tokenIn(attacker);
      expect(tokenIn(victim)).not.toBe(planted);
      const { body } = await victim.post('/auth/refresh');
      expect((await new ApiClient(test.app).post('/auth/logout', { refreshToken: planted })).status).toBe(
        204,
      );
      expect(await me(body.accessToken)).toBe('200');
      expect(await refresh(victim)).toBe('200');
    });

    it('asks for a cookie at refresh', async () => {
      const response = await newBrowser().post('/auth/refresh');
      expect(outcomeOf(response)).toBe('401 invalid_refresh_token');
      expect(response.headers['www-authenticate']).toBe('Bearer');
    });

    it('gives two tabs the same successor within 30 s, and then takes the old cookie for reuse', async () => {
      const { browser: one } = await begin();
      const two = newBrowser();
      two.cookie = one.cookie;
      expect(await refresh(one)).toBe('200');
      test.clock.advance(29_000);
      const stale = newBrowser();
      stale.cookie = two.cookie;
      expect(await refresh(two)).toBe('200');
      expect(two.cookie).toBe(one.cookie);
      test.clock.advance(1_500);
      const reused = await stale.post('/auth/refresh');
      expect(outcomeOf(reused)).toBe('401 refresh_token_reused');
      expect(stale.cookie).toBeUndefined();
      expect(await refresh(one)).toBe('401 invalid_refresh_token');
      expect(one.cookie).toBeUndefined();
      await test.deliverMails();
      expect(test.mailer.to(user.email)[0]?.text).toMatch(/outdated key/);
    });

    it.each(['sessionRecords.find', 'sessionRecords.advance', 'sessionStore.confirm'] as const)(
      'keeps the cookie, which is still good, where %s answers 503',
      async (step) => {
        const { browser } = await begin();
        const [store, method] = step.split('.') as ['sessionRecords', 'find'];
        const failing = jest.spyOn(test.backends[store], method).mockRejectedValue(away);
        const failed = await browser.post('/auth/refresh');
        expect([outcomeOf(failed), setCookies(failed)]).toEqual(['503 dependency_unavailable', []]);
        failing.mockRestore();
        test.clock.advance(60_000);
        expect(await refresh(browser)).toBe('200');
        expect(await refresh(browser)).toBe('200');
      },
    );

    it('keeps the cookie where a fault inside answers 500, or a limit 429', async () => {
      const { browser } = await begin();
      jest.spyOn(test.services.rotation, 'rotate').mockRejectedValueOnce(new Error('a fault'));
      const failed = await browser.post('/auth/refresh');
      expect([outcomeOf(failed), setCookies(failed)]).toEqual(['500 internal_error', []]);
      let refused = failed;
      for (let count = 0; count < 40 && refused.status !== 429; count++) {
        refused = await browser.post('/auth/refresh');
      }
      expect([outcomeOf(refused), setCookies(refused)]).toEqual(['429 rate_limited', []]);
      test.clock.advance(60_000);
      expect(await refresh(browser)).toBe('200');
    });
  });

  describe('without it', () => {
    it('no cookie is set, none is looked at, and the body needs its token', async () => {
      const client = new ApiClient(test.app);
      const login = await client.post('/auth/login', credentials());
      expect([login.body, setCookies(login)]).toEqual([
        { ...answer(), refreshToken: expect.stringMatching(TOKEN) },
        [],
      ]);
      const { browser, accessToken } = await begin();
      const cookie = { Cookie: String(browser.cookie), 'Sec-Fetch-Site': 'same-origin' };
      const send = (path: string, body?: object) => client.call('post', path, body, undefined, cookie);
      expect(outcomeOf(await send('/auth/refresh'))).toBe('400 validation_failed');
      expect(outcomeOf(await send('/auth/refresh', {}))).toBe('400 validation_failed');
      expect(outcomeOf(await send('/auth/logout'))).toBe('401 unauthenticated');
      const other = await logIn(test, user);
      const rotated = await send('/auth/refresh', { refreshToken: other.refreshToken });
      expect([rotated.body.refreshToken, setCookies(rotated)]).toEqual([expect.stringMatching(TOKEN), []]);
      const logout = await send('/auth/logout', { refreshToken: rotated.body.refreshToken });
      expect([logout.status, setCookies(logout)]).toEqual([204, []]);
      const bad = await send('/auth/refresh', { refreshToken: 'tgr_x' });
      expect([outcomeOf(bad), setCookies(bad)]).toEqual(['401 invalid_refresh_token', []]);
      expect(await me(accessToken)).toBe('200');
      expect(await refresh(browser)).toBe('200');
    });

    it('a session goes on by the other transport', async () => {
      const { browser } = await begin();
      const { body } = await new ApiClient(test.app).post('/auth/refresh', {
        refreshToken: tokenIn(browser),
      });
      browser.cookie = `__Host-refresh=${body.refreshToken}`;
      expect(await refresh(browser)).toBe('200');
    });
  });

  describe('at logout', () => {
    it.each([
      ['the cookie', false, true],
      ['the access token', true, false],
      ['both', true, true],
    ])('ends the session and clears the cookie by %s', async (_by, byAccess, byCookie) => {
      const { browser, accessToken } = await begin();
      const token = tokenIn(browser);
      if (!byCookie) browser.cookie = undefined;
      const response = await browser.post('/auth/logout', undefined, byAccess ? accessToken : undefined);
      expect([response.status, response.text]).toEqual([204, '']);
      expect(setCookies(response)).toHaveLength(1);
      expect(browser.cookie).toBeUndefined();
      expect(await me(accessToken)).toBe('401 invalid_token');
      expect(await refreshByBody(token)).toBe('401 invalid_refresh_token');
    });

    it('ends both sessions where access token and cookie are of different ones', async () => {
      const [one, two] = [await begin(), await begin()];
      expect((await one.browser.post('/auth/logout', undefined, two.accessToken)).status).toBe(204);
      expect(await me(one.accessToken)).toBe('401 invalid_token');
      expect(await me(two.accessToken)).toBe('401 invalid_token');
    });

    it('takes a good cookie beside an access token that is over, and a cookie of a session that is', async () => {
      const { browser, accessToken } = await begin();
      const again = newBrowser();
      again.cookie = browser.cookie;
      test.clock.advance(901_000);
      expect((await browser.post('/auth/logout', undefined, accessToken)).status).toBe(204);
      expect((await again.post('/auth/logout')).status).toBe(204);
      expect(again.cookie).toBeUndefined();
    });

    it.each(['tgr_nonsense', '', 'x'.repeat(4_000)])(
      'ends the session of the access token though the cookie beside it is bad, and clears that (%#)',
      async (bad) => {
        const { browser, accessToken } = await begin();
        browser.cookie = `__Host-refresh=${bad}`;
        const response = await browser.post('/auth/logout', undefined, accessToken);
        expect(outcomeOf(response)).toBe('401 invalid_refresh_token');
        expect(browser.cookie).toBeUndefined();
        expect(await me(accessToken)).toBe('401 invalid_token');
      },
    );

    it('asks for one of the two', async () => {
      expect(outcomeOf(await newBrowser().post('/auth/logout'))).toBe('401 unauthenticated');
      expect(outcomeOf(await newBrowser().post('/auth/logout', undefined, 'x'))).toBe('401 invalid_token');
    });

    it('keeps the cookie where the record does not hear of it, so that it can be made again', async () => {
      const { browser, accessToken } = await begin();
      jest.spyOn(test.backends.sessionRecords, 'end').mockRejectedValueOnce(away);
      const failed = await browser.post('/auth/logout');
      expect([outcomeOf(failed), setCookies(failed)]).toEqual(['503 dependency_unavailable', []]);
      expect(await me(accessToken)).toBe('200');
      expect((await browser.post('/auth/logout')).status).toBe(204);
      expect(await me(accessToken)).toBe('401 invalid_token');
    });
  });

  describe('at the presentation of a code', () => {
    const code = async (purpose: string) => {
      await new ApiClient(test.app).post('/otp/request', { email: user.email, purpose });
      await test.deliverMails();
      return codeIn(test.mailer.to(user.email)[0]);
    };
    const present = (browser: BrowserClient, purpose: string, otp: string, email = user.email) =>
      browser.post('/otp/verify', { email, purpose, otp });

    it('keeps the token of a login by code in the cookie', async () => {
      const browser = newBrowser();
      const otp = await code('login');
      const failed = await present(browser, 'login', otp === '000000' ? '000001' : '000000');
      expect([outcomeOf(failed), setCookies(failed)]).toEqual(['400 invalid_otp', []]);
      const response = await present(browser, 'login', otp);
      expect([response.status, response.body]).toEqual([200, answer()]);
      expect(response.text).not.toMatch(TOKEN);
      expect(await refresh(browser)).toBe('200');
    });

    it('changes nothing for the other purposes', async () => {
      const browser = newBrowser();
      const reset = await present(browser, 'reset_password', await code('reset_password'));
      expect([reset.status, Object.keys(reset.body)]).toEqual([200, ['resetToken', 'expiresIn']]);
      const pending = { ...user, email: `pending.${user.email}` };
      await new ApiClient(test.app).post('/auth/register', pending);
      await test.deliverMails();
      const otp = codeIn(test.mailer.to(pending.email)[0]);
      const verified = await present(browser, 'verify_email', otp, pending.email);
      expect([verified.status, verified.body]).toEqual([200, { verified: true }]);
      expect([...setCookies(reset), ...setCookies(verified)]).toEqual([]);
    });
  });
});
