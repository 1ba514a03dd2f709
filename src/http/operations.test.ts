import { createPublicKey, generateKeyPairSync, type JsonWebKey, verify } from 'node:crypto';
import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { BASE_PATH, logIn, newUser, signUp } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const LISTED = 'https://app.example.com';

describe.each(stateKinds)('readiness over %s', (state) => {
  let test: TestApp;
  // One each: what a look at a part has found holds good for a while.
  beforeEach(async () => {
    test = await createTestApp({ state });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await test.close();
  });

  const ready = () => request(test.app).get('/health/ready');
  const up = { postgresql: 'up', ...(state === 'Redis' && { redis: 'up' }), smtp: 'up' };
  const away = () => Promise.reject(new Error('postgresql://user:secret@db is away'));

  it('is there while every part is', async () => {
    const response = await ready();
    expect([response.status, response.body]).toEqual([200, { status: 'ready', checks: up }]);
    expect((await request(test.app).get('/health/live')).body).toEqual({ status: 'live' });
  });

  it('goes with a part that is needed, and says which and no more', async () => {
    jest.spyOn(test.database, 'check').mockImplementation(away);
    const response = await ready();
    expect(response.status).toBe(503);
    expect(response.body).toEqual({ status: 'unavailable', checks: { ...up, postgresql: 'down' } });
    expect((await request(test.app).get('/health/live')).status).toBe(200);
  });

  it('goes with a part that does not answer', async () => {
    jest.spyOn(test.database, 'check').mockReturnValue(new Promise(() => {}));
    expect((await ready()).body.checks.postgresql).toBe('down');
  });

  it('stays without the mail server, whose state it shows', async () => {
    jest.spyOn(test.mailer, 'check').mockImplementation(away);
    const response = await ready();
    expect([response.status, response.body]).toEqual([
      200,
      { status: 'ready', checks: { ...up, smtp: 'down' } },
    ]);
  });

  it('ends when the process drains, which goes on serving', async () => {
    test.services.health.drain();
    const response = await ready();
    expect([response.status, response.body]).toEqual([503, { status: 'draining', checks: up }]);
    expect((await request(test.app).get('/health/live')).status).toBe(200);
    await logIn(test, await signUp(test));
  });
});

describe('system routes', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ env: { CORS_ORIGINS: `${LISTED},https://other.example.com` } });
  });
  afterAll(() => test.close());

  it('publishes no key while signing is HS256', async () => {
    const response = await request(test.app).get('/.well-known/jwks.json');
    expect([response.status, response.body]).toEqual([200, { keys: [] }]);
  });

  it('publishes every public key, and no private part, where keys are pairs', async () => {
    const pairs = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    const pem = pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' })).join('\n');
    const other = await createTestApp({ env: { JWT_ALG: 'ES256', JWT_PRIVATE_KEYS: pem } });
    try {
      const { keys } = (await request(other.app).get('/.well-known/jwks.json')).body;
      expect(keys).toHaveLength(2);
      for (const key of keys) {
        expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256' });
        expect(Object.keys(key)).not.toContain('d');
      }
      const { accessToken } = await logIn(other, await signUp(other));
      const [header = '', payload = '', signature = ''] = accessToken.split('.');
      const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
      const jwk: JsonWebKey = keys.find((key: { kid: string }) => key.kid === kid);
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const signed = Buffer.from(`${header}.${payload}`);
      const bytes = Buffer.from(signature, 'base64url');
      expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true);
    } finally {
      await other.close();
    }
  });

  it.each([
    ['get', '/health/live', 200],
    ['get', '/metrics', 200],
    ['get', '/.well-known/jwks.json', 200],
    ['get', '/api-docs', 200],
    ['get', '/api-docs/openapi.json', 200],
    ['get', '/verify-email', 400],
    ['get', '/nowhere', 404],
    ['get', '/%', 404],
    ['post', '/health/live', 405],
    ['post', '/api-docs', 405],
    ['get', `${BASE_PATH}/users/me`, 401],
    ['get', `${BASE_PATH}/auth/login`, 405],
    ['post', `${BASE_PATH}/auth/login`, 400],
    ['post', `${BASE_PATH}/auth/guest`, 201],
  ] as const)('sends the security headers with %s %s, which answers %i', async (method, path, status) => {
    const response = await request(test.app)[method](path);
    expect(response.status).toBe(status);
    expect(response.headers).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'cross-origin-resource-policy': 'same-origin',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(response.headers).not.toHaveProperty('x-powered-by');
    expect(response.headers).not.toHaveProperty('server');
    if (path.startsWith(BASE_PATH)) expect(response.headers['cache-control']).toBe('no-store');
  });

  const login = `${BASE_PATH}/auth/login`;
  const corsHeaders = (headers: Record<string, string>) =>
    Object.keys(headers).filter((name) => name.startsWith('access-control-'));

  it('lets browsers of a listed origin call, by its exact name', async () => {
    const preflight = await request(test.app)
      .options(login)
      .set('Origin', LISTED)
      .set('Access-Control-Request-Method', 'POST');
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-methods']).toContain('POST');
    const answer = await request(test.app).post(login).set('Origin', LISTED).send(newUser());
    for (const { headers } of [preflight, answer]) {
      expect(headers['access-control-allow-origin']).toBe(LISTED);
      expect(headers['vary']).toContain('Origin');
    }
    expect(answer.headers['access-control-expose-headers']).toContain('Retry-After');
  });

  it.each([
    undefined,
    'null',
    'https://evil.example',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:444',
    'https://APP.example.com',
  ])('answers the origin %s as if there were no CORS', async (origin) => {
    const from = origin === undefined ? {} : { Origin: origin };
    const preflight = await request(test.app)
      .options(login)
      .set({ ...from, 'Access-Control-Request-Method': 'POST' });
    expect(outcomeOf(preflight)).toBe('405 method_not_allowed');
    expect(preflight.headers['allow']).toBe('POST');
    const answer = await request(test.app).post(login).set(from).send({});
    for (const { headers } of [preflight, answer]) {
      expect(corsHeaders(headers)).toEqual([]);
      expect(headers['vary']).toContain('Origin');
    }
  });
});
