import { ApiClient, logIn, newUser, signUp } from '../testing/api-client';
import { codeIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

describe.each(stateKinds)('login over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  it('lets a verified account in, and the token opens what belongs to it', async () => {
    const user = await signUp(test);
    const client = new ApiClient(test.app);
    const { email, password, username } = user;
    const login = await client.post('/auth/login', { email: email.toUpperCase(), password });
    expect(login.status).toBe(200);
    expect(login.body).toEqual({
      accessToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
      refreshToken: expect.any(String),
      refreshExpiresIn: 604_800,
      user: {
        id: expect.any(String),
        email,
        username,
        role: 'USER',
        emailVerified: true,
        createdAt: expect.any(String),
      },
    });
    const me = await client.get('/users/me', login.body.accessToken);
    expect(me.status).toBe(200);
    expect(me.body).toEqual(login.body.user);
  });

  it('answers wrong password, unknown e-mail and voided account byte for byte alike', async () => {
    const { email } = await signUp(test);
    const answers = await Promise.all(
      [email, newUser().email].map(async (address) => {
        const response = await new ApiClient(test.app).post('/auth/login', {
          email: address,
          password: 'not this one',
        });
        const { 'x-request-id': id, date: _, ...headers } = response.headers;
        return { status: response.status, headers, text: response.text.replace(String(id), '') };
      }),
    );
    expect(answers[0]?.status).toBe(401);
    expect(answers[0]).toEqual(answers[1]);
  });

  it('tells of a pending or disabled account to the right password only', async () => {
    const pending = newUser();
    const client = new ApiClient(test.app);
    await client.post('/auth/register', pending);
    const { email, password } = pending;
    expect((await client.post('/auth/login', { email, password })).body.code).toBe('email_not_verified');
    expect((await client.post('/auth/login', { email, password: 'not this one' })).body.code).toBe(
      'invalid_credentials',
    );

    const disabled = await signUp(test);
    await test.database.run((db) =>
      db.user.update({ where: { email: disabled.email }, data: { disabledAt: new Date() } }),
    );
    const right = { email: disabled.email, password: disabled.password };
    expect((await client.post('/auth/login', right)).body.code).toBe('account_disabled');
    expect((await client.post('/auth/login', { ...right, password: 'not this one' })).body.code).toBe(
      'invalid_credentials',
    );
  });

  it('gives the failures budget back to whoever gets it right, and keeps it for who does not', async () => {
    const user = await signUp(test);
    const client = new ApiClient(test.app);
    for (let round = 0; round < 9; round++) {
      await client.post('/auth/login', { email: user.email, password: 'not this one' });
      test.clock.advance(500);
    }
    await logIn(test, user, client);
    const wrong = await client.post('/auth/login', { email: user.email, password: 'not this one' });
    expect(wrong.status).toBe(401);
    test.clock.advance(1000);
    const blocked = await client.post('/auth/login', { email: user.email, password: user.password });
    expect(blocked.status).toBe(429);
    expect(blocked.headers['retry-after']).toMatch(/^\d+$/);
    expect(blocked.body.code).toBe('rate_limited');
  });

  it('keeps strangers under a budget for the account that does not keep its owner out', async () => {
    const user = await signUp(test);
    const home = new ApiClient(test.app);
    await logIn(test, user, home);
    const strangers = await Promise.all(
      Array.from({ length: 64 }, () =>
        new ApiClient(test.app).post('/auth/login', { email: user.email, password: 'not this one' }),
      ),
    );
    expect(strangers.filter(({ status }) => status === 401)).toHaveLength(50);
    expect(strangers.filter(({ status }) => status === 429)).toHaveLength(14);
    await logIn(test, user, home);
    expect(
      (await new ApiClient(test.app).post('/auth/login', { email: user.email, password: user.password }))
        .status,
    ).toBe(429);
  });

  it('logs in by a mailed code', async () => {
    const user = await signUp(test);
    const client = new ApiClient(test.app);
    await client.post('/otp/request', { email: user.email, purpose: 'login' });
    await test.deliverMails();
    const otp = codeIn(test.mailer.to(user.email)[0]);
    const login = await client.post('/otp/verify', { email: user.email, purpose: 'login', otp });
    expect(login.status).toBe(200);
    expect((await client.get('/users/me', login.body.accessToken)).body.email).toBe(user.email);
    expect((await client.post('/otp/verify', { email: user.email, purpose: 'login', otp })).body.code).toBe(
      'invalid_otp',
    );
  });
});
