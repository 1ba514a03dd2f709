import { createHmac } from 'node:crypto';
import request from 'supertest';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());

describe.each(stateKinds)('access tokens over %s', (state) => {
  let test: TestApp;
  let accessToken: string;
  beforeAll(async () => {
    test = await createTestApp({ state });
    ({ accessToken } = await logIn(test, await signUp(test)));
  });
  afterAll(() => test.close());

  const me = (token?: string) => new ApiClient(test.app).get('/users/me', token);
  const secret = () => {
    if (test.config.signing.alg !== 'HS256') throw new Error('the tests sign with HS256');
    return String(test.config.signing.secrets[0]);
  };

  /** The token with other members in its header and claims, signed again. */
  function forged(header: object, claims: object, hash = 'sha256', key = secret()): string {
    const [head, body] = accessToken.split('.');
    const input = `${encode({ ...decode(head), ...header })}.${encode({ ...decode(body), ...claims })}`;
    return `${input}.${createHmac(hash, key).update(input).digest('base64url')}`;
  }

  it('say what the contract names', () => {
    const [header, claims] = accessToken.split('.').map((part, index) => (index < 2 ? decode(part) : {}));
    expect(header).toEqual({ alg: 'HS256', kid: expect.any(String), typ: 'at+jwt' });
    expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'role', 'sid', 'sub']);
    expect(claims).toMatchObject({ iss: 'http://tollgate.test', aud: 'http://tollgate.test', role: 'USER' });
    expect(claims.exp - claims.iat).toBe(900);
  });

  it('is let in when signed again unchanged: the forgeries below differ in one thing each', async () => {
    expect((await me(forged({}, {}))).status).toBe(200);
  });

  it.each<[string, () => string]>([
    ['alg none', () => `${forged({ alg: 'none' }, {}).split('.').slice(0, 2).join('.')}.`],
    ['alg none, signed', () => forged({ alg: 'none' }, {})],
    ['HS384', () => forged({ alg: 'HS384' }, {}, 'sha384')],
    ['HS512', () => forged({ alg: 'HS512' }, {}, 'sha512')],
    ['another key', () => forged({}, {}, 'sha256', 'another secret of more than thirty-two bytes')],
    ['another kid', () => forged({ kid: 'another' }, {})],
    ['no exp', () => forged({}, { exp: undefined })],
    ['exp in the past', () => forged({}, { iat: 1_000_000_000, exp: 1_000_000_900 })],
    ['exp 1e30', () => forged({}, { exp: 1e30 })],
    ['another iss', () => forged({}, { iss: 'http://other.test' })],
    ['another aud', () => forged({}, { aud: 'http://other.test' })],
    ['another typ', () => forged({ typ: 'JWT' }, {})],
    ['no typ', () => forged({ typ: undefined }, {})],
    ['crit', () => forged({ crit: ['exp'] }, {})],
    ['an object as sub', () => forged({}, { sub: { id: decode(accessToken.split('.')[1]).sub } })],
    ['another sub', () => forged({}, { sub: '01890a5d-ac96-774b-bcce-b302099a8057' })],
    ['another sid', () => forged({}, { sid: '01890a5d-ac96-774b-bcce-b302099a8057' })],
    ['a cut signature', () => accessToken.slice(0, -1)],
    ['no token at all', () => 'x'],
    ['5,000 characters', () => 'x'.repeat(5_000)],
  ])('is refused with %s', async (_name, token) => {
    const response = await me(token());
    expect(outcomeOf(response)).toBe('401 invalid_token');
    expect(response.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  it('cannot raise its role: what counts is the session', async () => {
    const response = await new ApiClient(test.app).get(
      '/auth/check?role=ADMIN',
      forged({}, { role: 'ADMIN' }),
    );
    expect(outcomeOf(response)).toBe('403 forbidden');
  });

  it.each([undefined, 'Basic YTpi', 'Bearer', 'Bearer '])('is asked for where %j is sent', async (header) => {
    const asking = request(test.app).get('/api/v1/users/me');
    const response = await (header === undefined ? asking : asking.set('Authorization', header));
    expect(outcomeOf(response)).toBe('401 unauthenticated');
    expect(response.headers['www-authenticate']).toBe('Bearer');
  });

  it('ends after its time, and the session goes on', async () => {
    const tokens = await logIn(test, await signUp(test));
    test.clock.advance(899_000 - 5_000);
    expect((await me(tokens.accessToken)).status).toBe(200);
    test.clock.advance(6_000);
    expect(outcomeOf(await me(tokens.accessToken))).toBe('401 invalid_token');
    const client = new ApiClient(test.app);
    const { body } = await client.post('/auth/refresh', { refreshToken: tokens.refreshToken });
    expect((await me(body.accessToken)).status).toBe(200);
  });

  it('is named by headers to a proxy that asks, and measured against a role', async () => {
    const tokens = await logIn(test, await signUp(test));
    const client = new ApiClient(test.app);
    const { sub, sid } = decode(tokens.accessToken.split('.')[1]);
    for (const query of ['', '?role=USER']) {
      const response = await client.get(`/auth/check${query}`, tokens.accessToken);
      expect([response.status, response.text]).toEqual([204, '']);
      expect(response.headers).toMatchObject({
        'x-auth-subject': sub,
        'x-auth-role': 'USER',
        'x-auth-session': sid,
      });
    }
    for (const role of ['ADMIN', 'GUEST']) {
      const response = await client.get(`/auth/check?role=${role}`, tokens.accessToken);
      expect(outcomeOf(response)).toBe('403 forbidden');
      expect(response.headers).not.toHaveProperty('x-auth-subject');
    }
    expect(outcomeOf(await client.get('/auth/check?role=ROOT', tokens.accessToken))).toBe(
      '400 validation_failed',
    );
    expect(outcomeOf(await client.get('/auth/check'))).toBe('401 unauthenticated');
    expect(outcomeOf(await client.get('/auth/check', 'x'))).toBe('401 invalid_token');
  });

  it('of a guest reaches its own name and the check, and all else is forbidden', async () => {
    const client = new ApiClient(test.app);
    const guest = await client.post('/auth/guest');
    expect(guest.status).toBe(201);
    expect(guest.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      user: { id: expect.any(String), role: 'GUEST' },
    });
    const token = guest.body.accessToken;
    expect(decode(token.split('.')[1])).not.toHaveProperty('sid');
    expect((await client.get('/users/me', token)).body).toEqual(guest.body.user);
    const check = await client.get('/auth/check?role=GUEST', token);
    expect(check.headers).toMatchObject({ 'x-auth-subject': guest.body.user.id, 'x-auth-role': 'GUEST' });
    expect(check.headers).not.toHaveProperty('x-auth-session');
    const others = await Promise.all([
      client.call('patch', '/users/me', { username: 'Ada' }, token),
      client.get('/users/me/sessions', token),
      client.call('delete', `/users/me/sessions/${guest.body.user.id}`, undefined, token),
      client.post('/auth/logout', undefined, token),
      client.post('/auth/logout-all', undefined, token),
      client.post('/auth/reauthenticate', { password: 'x' }, token),
      client.get('/auth/check?role=USER', token),
    ]);
    expect(countOutcomes(others)).toEqual({ '403 forbidden': 7 });
    test.clock.advance(901_000);
    expect(outcomeOf(await client.get('/users/me', token))).toBe('401 invalid_token');
  });

  it('costs the global limit when it is bad, and 429 comes before 401', async () => {
    const narrow = await createTestApp({ state, env: { RATE_LIMIT_GLOBAL: '5/0.01' } });
    try {
      const client = new ApiClient(narrow.app);
      const answers = [];
      for (let round = 0; round < 5; round++) answers.push(await client.get('/users/me', `x${round}`));
      expect(countOutcomes(answers)).toEqual({ '401 invalid_token': 5 });
      expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual([
        '4',
        '3',
        '2',
        '1',
        '0',
      ]);
      for (const token of ['x', undefined]) {
        expect(outcomeOf(await client.get('/users/me', token))).toBe('429 rate_limited');
      }
    } finally {
      await narrow.close();
    }
  });
});
