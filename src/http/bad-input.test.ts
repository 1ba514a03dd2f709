import request from 'supertest';
import { ApiClient, BASE_PATH, freshAddress, logIn, newUser, signUp } from '../testing/api-client';
import { createTestApp, type TestApp } from '../testing/test-app';

describe('bad input', () => {
  let test: TestApp;
  let accessToken: string;
  beforeAll(async () => {
    test = await createTestApp();
    accessToken = (await logIn(test, await signUp(test))).accessToken;
  });
  afterAll(() => test.close());

  const post = (path: string) =>
    request(test.app)
      .post(BASE_PATH + path)
      .set('X-Forwarded-For', freshAddress());
  const raw = (body: string | Buffer, type = 'application/json') =>
    post('/auth/login')
      .set('Content-Type', type)
      .serialize((value) => value as string)
      .send(body as string);

  /** A problem as the contract writes it, of this status and code. */
  function expectProblem(response: request.Response, status: number, code: string) {
    expect([response.status, response.body.code]).toEqual([status, code]);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.body).toEqual({
      type: `urn:tollgate:problem:${code}`,
      title: expect.any(String),
      status,
      detail: expect.any(String),
      code,
      requestId: response.headers['x-request-id'],
      ...(status === 400 && { errors: expect.any(Array) }),
    });
  }

  /** The members that a 400 names. */
  const members = (response: request.Response) =>
    response.body.errors.map(({ path }: { path: string }) => path);

  it('refuses a call without a body', async () => {
    expectProblem(await post('/auth/login'), 400, 'validation_failed');
  });

  it.each([
    ['text/plain', '{}'],
    ['application/x-www-form-urlencoded', 'email=a'],
    ['application/json; charset=utf-16', '{}'],
    ['application/jsonp', '{}'],
    ['multipart/form-data; boundary=x', '--x--'],
  ])('refuses %s with 415', async (type, body) => {
    expectProblem(await raw(body, type), 415, 'unsupported_media_type');
  });

  it('refuses a compressed body with 415', async () => {
    const response = await post('/auth/login').set('Content-Encoding', 'gzip').send({ email: 'a' });
    expectProblem(response, 415, 'unsupported_media_type');
  });

  it.each(['{', '{"email":}', "{'email':''}", 'undefined', '{"email":"a"}}'])(
    'refuses %j as malformed JSON',
    async (body) => {
      expectProblem(await raw(body), 400, 'malformed_json');
    },
  );

  it('refuses bytes that are not UTF-8, which would fold different passwords into one', async () => {
    const body = Buffer.concat([
      Buffer.from('{"email":"a@b.example","password":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('"}'),
    ]);
    expectProblem(await raw(body), 400, 'malformed_json');
  });

  it.each(['null', '[]', '"text"', '1', 'true'])('refuses %s for the body', async (body) => {
    expectProblem(await raw(body), 400, 'validation_failed');
  });

  it('refuses a body of 64 KiB and one byte, and reads one of 64 KiB', async () => {
    const body = (bytes: number) => `{"email":"${'a'.repeat(bytes - 12)}"}`;
    expect(body(64).length).toBe(64);
    expectProblem(await raw(body(64 * 1024 + 1)), 413, 'payload_too_large');
    expectProblem(await raw(body(64 * 1024)), 400, 'validation_failed');
  });

  it('names members that the call does not have', async () => {
    const user = { ...newUser(), role: 'ADMIN', emailVerified: true };
    const response = await post('/auth/register').send(user);
    expectProblem(response, 400, 'validation_failed');
    expect(members(response)).toEqual(['role', 'emailVerified']);
    const proto = await raw('{"email":"a@b.example","password":"x","__proto__":{"role":"ADMIN"}}');
    expectProblem(proto, 400, 'validation_failed');
    expect(members(proto)).toEqual(['__proto__']);
  });

  it('refuses query parameters that the call does not have', async () => {
    const response = await post('/auth/login?admin=true').send({ email: 'a@b.example', password: 'x' });
    expectProblem(response, 400, 'validation_failed');
    expect(members(response)).toEqual(['admin']);
  });

  it.each([
    ['an object', { not: '' }],
    ['an array', ['ada@example.com']],
    ['null', null],
    ['a number', 7],
    ['true', true],
    ['nothing', ''],
    ['a NUL', 'ada\0@example.com'],
    ['a lone surrogate', 'ada\ud800@example.com'],
    ['CR and LF', 'ada@example.com\r\nBcc: eve@example.com'],
    ['a list', 'ada@example.com,eve@example.com'],
    ['a semicolon list', 'ada@example.com;eve@example.com'],
    ['a display name', 'Ada <ada@example.com>'],
    ['a comment', 'ada(x)@example.com'],
    ['quotes', '"ada"@example.com'],
    ['another Unicode form', 'ad\u0061\u0301@example.com'],
    ['a full-width letter', '\uff41da@example.com'],
    ['a Kelvin sign', 'ada@\u212Aelvin.example'],
    ['no domain', 'ada@'],
    ['two at signs', 'ada@eve@example.com'],
    ['an empty label', 'ada@example..com'],
    ['a blank', 'ada @example.com'],
    ['255 bytes', `${'a'.repeat(60)}@${`${'b'.repeat(60)}.`.repeat(3)}${'c'.repeat(11)}`],
  ])('refuses %s for an e-mail on every call that takes one', async (_name, email) => {
    const { username, password } = newUser();
    const calls = [
      post('/auth/register').send({ email, username, password }),
      post('/auth/login').send({ email, password }),
      post('/otp/request').send({ email, purpose: 'login' }),
      post('/otp/verify').send({ email, purpose: 'login', otp: '123456' }),
    ];
    for (const response of await Promise.all(calls)) {
      expectProblem(response, 400, 'validation_failed');
      expect(members(response)).toContain('email');
    }
    const change = post('/users/me/email').set('Authorization', `Bearer ${accessToken}`);
    expect(members(await change.send({ newEmail: email, password }))).toEqual(['newEmail']);
  });

  it.each([
    ['an object', {}],
    ['an array', ['ada']],
    ['null', null],
    ['two letters', 'ad'],
    ['33 letters', 'a'.repeat(33)],
    ['a NUL', 'ada\0ada'],
    ['CR and LF', 'ada\r\nada'],
    ['a lone surrogate', 'ada\udc00'],
    ['mark-up', '<b>ada</b>'],
  ])('refuses %s for a username', async (_name, username) => {
    const response = await post('/auth/register').send({ ...newUser(), username });
    expectProblem(response, 400, 'validation_failed');
    expect(members(response)).toContain('username');
  });

  it.each([
    ['an object', {}],
    ['null', null],
    ['11 code points', 'violet-lan1'],
    ['129 code points', `${'\u{1F680}'.repeat(43) + 'violet-lantern-'.repeat(5)}abcdefghijk`],
    ['a common one', 'password1234'],
    ['a lone surrogate', 'violet-lantern-\ud800'],
    ['a repetition', 'aaaaaaaaaaaaaa'],
    ['the product', 'Tollgate Tollgate'],
  ])('refuses %s for a new password', async (_name, password) => {
    const response = await post('/auth/register').send({ ...newUser(), password });
    expectProblem(response, 400, 'validation_failed');
    expect(members(response)).toEqual(['password']);
  });

  it('refuses the own e-mail and the own name for a password', async () => {
    const user = newUser();
    for (const password of [user.email, user.email.toUpperCase()]) {
      expect(members(await post('/auth/register').send({ ...user, password }))).toEqual(['password']);
    }
    const named = { ...user, username: 'Grace Brewster Hopper', password: 'grace brewster hopper' };
    expect(members(await post('/auth/register').send(named))).toEqual(['password']);
  });

  it.each([['verify_email '], ['VERIFY_EMAIL'], [''], [null], [['login']], ['__proto__']])(
    'refuses the purpose %j',
    async (purpose) => {
      const response = await post('/otp/request').send({ email: newUser().email, purpose });
      expectProblem(response, 400, 'validation_failed');
    },
  );

  it.each([
    ['/API/v1/auth/login', 404],
    ['/api/v1/auth/Login', 404],
    ['/api/v1/auth/login/', 404],
    ['/api/v1//auth/login', 404],
    ['/api/v1/auth/%6cogin', 404],
    ['/api/v1/auth/%', 404],
    ['/api/v1/auth/login', 405],
  ])('answers GET %s with %i', async (path, status) => {
    const response = await request(test.app).get(path);
    expect(response.status).toBe(status);
    expect(response.body.code).toBe(status === 404 ? 'not_found' : 'method_not_allowed');
    expect(response.headers['allow']).toBe(status === 404 ? undefined : 'POST');
  });

  it('keeps a request id that fits the pattern, and makes one for any other', async () => {
    const offered = async (id: string) =>
      (await request(test.app).get('/health/live').set('X-Request-Id', id)).headers['x-request-id'];
    expect(await offered('client-id_0001')).toBe('client-id_0001');
    for (const id of ['short', 'a'.repeat(65), 'with blank 1', '<script>alert(1)</script>']) {
      expect(await offered(id)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('charges nothing but the global limit for what it refuses by schema', async () => {
    const client = new ApiClient(test.app);
    const response = await client.post('/auth/login', { email: 'nobody' });
    expect(response.headers['ratelimit-policy']).toBe('"global";q=300;w=6');
  });

  it('leaves no row behind', async () => {
    // But that of the user who is signed in.
    expect(await test.database.run((db) => db.user.count())).toBe(1);
    expect(await test.database.run((db) => db.emailChange.count())).toBe(0);
    expect(await test.database.run((db) => db.outboxMail.count())).toBe(0);
  });
});
