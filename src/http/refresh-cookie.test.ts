import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { outcomeOf } from '../testing/answers';
import { ApiClient, BASE_PATH, logIn, signUp } from '../testing/api-client';
import { BrowserClient, setCookies } from '../testing/browser-client';
import { createTestApp, type TestApp } from '../testing/test-app';

describe.each([
  ['https://tollgate.test', '__Host-refresh', 'Path=/; HttpOnly; Secure; SameSite=Strict'],
  ['http://tollgate.test', 'refresh', 'Path=/; HttpOnly; SameSite=Strict'],
])('the refresh cookie of %s', (baseUrl, name, attributes) => {
  let test: TestApp;
  let browser: BrowserClient;
  beforeAll(async () => {
    const env = { BASE_URL: baseUrl, REFRESH_TOKEN_TTL: '86400', RATE_LIMIT_REFRESH: '1000/1000' };
    test = await createTestApp({ env });
    browser = new BrowserClient(test.app);
  });
  afterAll(() => test.close());

  const begin = async () => (await logIn(test, await signUp(test))).refreshToken;
  const refresh = (cookies: string) =>
    new ApiClient(test.app).call('post', '/auth/refresh?transport=cookie', undefined, undefined, {
      'Sec-Fetch-Site': 'same-origin',
      Cookie: cookies,
    });

  it('is set, replaced and cleared in these very words', async () => {
    const user = await signUp(test);
    const login = await browser.post('/auth/login', { email: user.email, password: user.password });
    const rotated = await browser.post('/auth/refresh');
    for (const response of [login, rotated]) {
      const { refreshExpiresIn } = response.body;
      expect([86_399, 86_400]).toContain(refreshExpiresIn);
      const [line = '', ...more] = setCookies(response);
      expect(more).toEqual([]);
      const [, token = ''] = /=(tgr_[\w-]{70});/.exec(line) ?? [];
      expect(line).toBe(`${name}=${token}; Max-Age=${refreshExpiresIn}; ${attributes}`);
    }
    expect(setCookies(login)).not.toEqual(setCookies(rotated));
    const logout = await browser.post('/auth/logout');
    expect(setCookies(logout)).toEqual([`${name}=; Max-Age=0; ${attributes}`]);
  });

  it('is cleared in the same words where it is not valid', async () => {
    const response = await refresh(`${name}=tgr_nonsense`);
    expect(outcomeOf(response)).toBe('401 invalid_refresh_token');
    expect(setCookies(response)).toEqual([`${name}=; Max-Age=0; ${attributes}`]);
  });

  it('never outlives the session', async () => {
    const short = await createTestApp({
      env: { BASE_URL: baseUrl, REFRESH_TOKEN_TTL: '60', SESSION_MAX_AGE: '90' },
    });
    try {
      const { email, password } = await signUp(short);
      const client = new BrowserClient(short.app);
      await client.post('/auth/login', { email, password });
      short.clock.advance(50_000);
      const { body } = await client.post('/auth/refresh');
      expect(body.refreshExpiresIn).toBeLessThanOrEqual(40);
      short.clock.advance(40_000);
      expect(outcomeOf(await client.post('/auth/refresh'))).toBe('401 invalid_refresh_token');
      expect(client.cookie).toBeUndefined();
    } finally {
      await short.close();
    }
  });

  it.each<[how: string, cookies: (token: string) => string]>([
    ['alone', (token) => `${name}=${token}`],
    ['among others', (token) => `a=1; ${name}=${token}; b="2"`],
    ['after others without a space', (token) => `a=1;${name}=${token}`],
    [
      'beside others of a longer or shorter name',
      (token) => `x${name}=1; ${name}x=2; ${name}=${token}; ${name}`,
    ],
    ['beside another in other case', (token) => `${name.toUpperCase()}=1; ${name}=${token}`],
  ])('is taken %s', async (_how, cookies) => {
    expect(outcomeOf(await refresh(cookies(await begin())))).toBe('200');
  });

  it.each<[how: string, cookies: (token: string, other: string) => string]>([
    ['that came twice with two tokens', (token, other) => `${name}=${token}; ${name}=${other}`],
    ['that came twice with one token', (token) => `${name}=${token}; ${name}=${token}`],
    ['that came twice, once empty', (token) => `${name}=; ${name}=${token}`],
    ['in quotes', (token) => `${name}="${token}"`],
    ['that is percent-encoded', (token) => `${name}=%74${token.slice(1)}`],
    ['with a space before', (token) => `${name}= ${token}`],
    ['with a space after', (token) => `${name}=${token} ; a=1`],
    ['with something behind', (token) => `${name}=${token}=`],
    ['joined by a comma', (token, other) => `${name}=${token},${name}=${other}`],
    ['that is empty', () => `${name}=`],
    ['without a value', () => name],
    ['of another case', (token) => `${name.toUpperCase()}=${token}`],
    ['of the other scheme', (token) => `${name === 'refresh' ? '__Host-refresh' : 'refresh'}=${token}`],
    // A browser takes these for other names, so that a sibling host may plant them; a trimming reader would not.
    ['behind a tab', (token) => `a=1;\t${name}=${token}`],
    ['behind two spaces', (token) => `a=1;  ${name}=${token}`],
    ['behind U+00A0', (token) => `\u00a0${name}=${token}`],
    ['behind U+2000', (token) => `${Buffer.from('\u2000').toString('latin1')}${name}=${token}`],
    ['behind U+FEFF', (token) => `${Buffer.from('\ufeff').toString('latin1')}${name}=${token}`],
    ['without a name', (token) => `=${name}=${token}`],
    ['in the value of another', (token) => `a=${name}=${token}`],
    ['with a space in its name', (token) => `${name} =${token}`],
    ['that is long', () => `${name}=${'x'.repeat(8_000)}`],
    ['among thousands', () => '; '.repeat(4_000)],
  ])('is refused %s, and the token in it is none the worse', async (_how, cookies) => {
    const [token, other] = [await begin(), await begin()];
    expect(outcomeOf(await refresh(cookies(token, other)))).toBe('401 invalid_refresh_token');
    for (const refreshToken of [token, other]) {
      const response = await new ApiClient(test.app).post('/auth/refresh', { refreshToken });
      expect(outcomeOf(response)).toBe('200');
    }
  });
});

const HEAD = ['Host', 'tollgate.test', 'Content-Length', '0'];

describe('header fields that come twice', () => {
  it('are refused where one of them would do, and cookies of several fields are all looked at', async () => {
    const test = await createTestApp({ env: { CORS_ORIGINS: 'https://app.example.com' } });
    const server = createServer(test.app).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const path = `${BASE_PATH}/auth/refresh?transport=cookie`;
      /** Sends the fields as they are, in pairs of name and value. */
      const send = async (...fields: string[]) => {
        const sending = request({
          port,
          path,
          method: 'POST',
          headers: [...HEAD, ...fields],
        });
        const [response] = (await once(sending.end(), 'response')) as [IncomingMessage];
        response.resume();
        return response.statusCode;
      };
      const token = (await logIn(test, await signUp(test))).refreshToken;
      const site = ['Sec-Fetch-Site', 'same-origin'];
      const origin = ['Origin', 'https://app.example.com'];
      const cookie = ['Cookie', `refresh=${token}`];
      expect(await send(...site, ...site, ...cookie)).toBe(403);
      expect(await send(...origin, ...origin, ...cookie)).toBe(403);
      expect(await send(...origin, 'Origin', 'https://evil.example', ...cookie)).toBe(403);
      expect(await send('Origin', 'https://evil.example', ...origin, ...cookie)).toBe(403);
      expect(await send(...site, ...cookie, ...cookie)).toBe(401);
      expect(await send(...site, ...cookie, 'Cookie', 'refresh=planted')).toBe(401);
      expect(await send(...site, 'Cookie', 'a=1', ...cookie, 'Cookie', 'b=2')).toBe(200);
    } finally {
      server.close();
      await test.close();
    }
  });
});
