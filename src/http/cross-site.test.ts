import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, BASE_PATH, logIn, signUp, type TestUser } from '../testing/api-client';
import { setCookies } from '../testing/browser-client';
import { createTestApp, type TestApp } from '../testing/test-app';

const LISTED = 'https://app.example.com';
const OWN = 'https://auth.example.com';
const SIBLING = 'https://evil.example.com';
const PATHS = ['/auth/login', '/auth/refresh', '/auth/logout', '/otp/verify'] as const;

describe('a call with transport=cookie', () => {
  let test: TestApp;
  let user: TestUser;
  beforeAll(async () => {
    test = await createTestApp({
      env: { BASE_URL: OWN, CORS_ORIGINS: LISTED, RATE_LIMIT_LOGIN: '1000/1000' },
    });
    user = await signUp(test);
  });
  afterAll(() => test.close());

  const send = (
    path: string,
    headers: Readonly<Record<string, string | undefined>>,
    body?: string | object,
    query = '?transport=cookie',
  ) => {
    const sent = Object.entries(headers).filter(([, value]) => value !== undefined);
    const fields = Object.fromEntries(sent) as Record<string, string>;
    return new ApiClient(test.app).call('post', path + query, body, undefined, fields);
  };
  const credentials = () => ({ email: user.email, password: user.password });
  const begin = async () => (await logIn(test, user)).refreshToken;

  const sites = [
    'same-origin',
    'same-site',
    'cross-site',
    'none',
    'Same-Origin',
    'same-origin, same-origin',
    '',
    undefined,
  ];
  const origins = [
    LISTED,
    OWN,
    SIBLING,
    'https://evil.example',
    'null',
    '',
    undefined,
    // Nearly right.
    'https://APP.example.com',
    'http://app.example.com',
    'https://app.example.com:443',
    'https://app.example.com/',
    'https://app.example.com.evil.example',
    `${LISTED}, ${SIBLING}`,
    `${SIBLING}, ${LISTED}`,
    `${LISTED} ${SIBLING}`,
  ];
  const table = sites.flatMap((site) =>
    origins.map((origin) => ({
      site,
      origin,
      outcome: site === 'same-origin' || origin === LISTED || origin === OWN ? '200' : '403 cross_site',
    })),
  );

  it.each(table)(
    'from the site $site and the origin $origin is $outcome',
    async ({ site, origin, outcome }) => {
      const response = await send('/auth/login', { 'Sec-Fetch-Site': site, Origin: origin }, credentials());
      expect(outcomeOf(response)).toBe(outcome);
      expect(setCookies(response)).toHaveLength(outcome === '200' ? 1 : 0);
    },
  );

  it.each(PATHS)('of %s is refused from a sibling, whatever it carries, and costs nothing', async (path) => {
    const refreshToken = await begin();
    const cookie = `__Host-refresh=${refreshToken}`;
    const headers = { 'Sec-Fetch-Site': 'same-site', Origin: SIBLING, Cookie: cookie };
    const response = await send(path, headers, {});
    expect(outcomeOf(response)).toBe('403 cross_site');
    // Not even cleared: another site must not log anybody out.
    expect(setCookies(response)).toEqual([]);
    expect(outcomeOf(await new ApiClient(test.app).post('/auth/refresh', { refreshToken }))).toBe('200');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'is refused as a form of another site posts it, by %s',
    async (type) => {
      const form = { 'Content-Type': type, Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
      const body = JSON.stringify(credentials());
      expect(outcomeOf(await send('/auth/login', form, body))).toBe('403 cross_site');
      // One of ours would not get further either, nor one that asks for no cookie.
      const own = { ...form, Origin: OWN };
      expect(outcomeOf(await send('/auth/login', own, body))).toBe('415 unsupported_media_type');
      expect(outcomeOf(await send('/auth/login', form, body, ''))).toBe('415 unsupported_media_type');
    },
  );

  it.each(['/auth/register', '/auth/guest', '/auth/logout-all', '/auth/password/reset', '/otp/request'])(
    'is unknown to %s',
    async (path) => {
      const { accessToken } = await logIn(test, user);
      const headers = { 'Sec-Fetch-Site': 'cross-site', Authorization: `Bearer ${accessToken}` };
      const response = await send(path, headers);
      expect(outcomeOf(response)).toBe('400 validation_failed');
      const bodiless = await send(path, headers, {});
      expect(outcomeOf(bodiless)).toBe('400 validation_failed');
    },
  );

  it.each([
    '?transport=body',
    '?transport=',
    '?transport',
    '?transport=Cookie',
    '?transport=cookie&transport=cookie',
    '?transport=cookie%20',
    '?transport[]=cookie',
    '?Transport=cookie',
    '?transport=cookie&more=1',
  ])('says that %s is not a query of its own', async (query) => {
    const refreshToken = await begin();
    const headers = { 'Sec-Fetch-Site': 'same-origin', Cookie: `__Host-refresh=${refreshToken}` };
    const bodies = {
      '/auth/login': credentials(),
      '/otp/verify': { email: user.email, purpose: 'login', otp: '0' },
    };
    for (const path of PATHS) {
      const body = path in bodies ? bodies[path as keyof typeof bodies] : undefined;
      const response = await send(path, headers, body, query);
      expect([path, outcomeOf(response)]).toEqual([path, '400 validation_failed']);
      expect(setCookies(response)).toEqual([]);
    }
    const response = await send('/auth/login', headers, credentials(), query);
    const named = response.body.errors.map(({ path: member }: { path: string }) => member);
    expect(named).toHaveLength(1);
    expect(query).toContain(named[0]);
  });

  it('lets browsers of a listed origin read the answer, and cookies go with it', async () => {
    const preflight = await request(test.app).options(`${BASE_PATH}/auth/refresh?transport=cookie`).set({
      Origin: LISTED,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'content-type',
    });
    const answers = [
      preflight,
      await send('/auth/login', { Origin: LISTED, 'Sec-Fetch-Site': 'same-site' }, credentials()),
      await send('/auth/refresh', { Origin: LISTED, 'Sec-Fetch-Site': 'same-site' }),
    ];
    expect(answers.map(outcomeOf)).toEqual(['204', '200', '401 invalid_refresh_token']);
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe(LISTED);
      expect(headers['access-control-allow-credentials']).toBe('true');
      expect(headers['vary']).toMatch(/\bOrigin\b/);
    }
    for (const origin of [OWN, SIBLING]) {
      const { headers } = await send('/auth/refresh', { Origin: origin });
      expect(headers).not.toHaveProperty('access-control-allow-origin');
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
      expect(headers['vary']).toMatch(/\bOrigin\b/);
    }
  });
});

describe('the check of the site', () => {
  it('comes after the global limit and the token, and before the body', async () => {
    const test = await createTestApp({ env: { RATE_LIMIT_GLOBAL: '4/0.001' } });
    try {
      const guest = (await new ApiClient(test.app).post('/auth/guest')).body.accessToken;
      const client = new ApiClient(test.app);
      const tries = [
        { token: 'x', site: 'same-origin', outcome: '415 unsupported_media_type' },
        { token: guest, site: 'cross-site', outcome: '403 forbidden' },
        { token: 'x', site: 'cross-site', outcome: '403 cross_site' },
        { token: undefined, site: 'cross-site', outcome: '403 cross_site' },
        { token: undefined, site: 'cross-site', outcome: '429 rate_limited' },
      ];
      for (const { token, site, outcome } of tries) {
        const headers = { 'Sec-Fetch-Site': site, 'Content-Type': 'text/plain' };
        const path = '/auth/logout?transport=cookie&more=1';
        expect(outcomeOf(await client.call('post', path, 'x'.repeat(70_000), token, headers))).toBe(outcome);
      }
    } finally {
      await test.close();
    }
  });

  it('is told to the audit trail: summed up for strangers, once a minute for a signed-in user', async () => {
    const test = await createTestApp();
    try {
      const user = await signUp(test);
      const { accessToken } = await logIn(test, user);
      const client = new ApiClient(test.app);
      const send = (path: string, token?: string) =>
        client.call('post', `${path}?transport=cookie`, undefined, token, { 'Sec-Fetch-Site': 'cross-site' });
      for (let count = 0; count < 5; count++) await send('/auth/login');
      await test.services.audit.flush();
      const sums = await test.database.run((db) =>
        db.auditRefusal.findMany({ where: { code: 'cross_site' } }),
      );
      expect(sums.map(({ type, count }) => [type, count])).toEqual([['authz_fail', 5]]);
      for (let count = 0; count < 3; count++) {
        expect(outcomeOf(await send('/auth/logout', accessToken))).toBe('403 cross_site');
      }
      await test.services.audit.flush();
      const events = await test.database.run((db) =>
        db.auditEvent.findMany({ where: { type: 'authz_fail' } }),
      );
      expect(events.map(({ outcome, details }) => [outcome, JSON.parse(String(details))])).toEqual([
        ['failure', { code: 'cross_site' }],
      ]);
      // And the session is still there.
      expect((await new ApiClient(test.app).get('/users/me', accessToken)).status).toBe(200);
    } finally {
      await test.close();
    }
  });
});
