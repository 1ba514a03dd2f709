import request, { type Response } from 'supertest';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, type TestUser } from '../testing/api-client';
import { linkIn } from '../testing/captured-mailer';
import { createTestApp, type TestApp } from '../testing/test-app';

const HOUR = 3_600_000;

// The link's state is in the record and in the link: one kind of working state will do.
describe('the link of a verification mail', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());
  afterEach(() => jest.restoreAllMocks());

  const open = (link: string) => request(test.app).get(link);
  const press = (link: string) => request(test.app).post(link).type('form');
  const register = async (user: TestUser) => {
    await new ApiClient(test.app).post('/auth/register', user);
    await test.deliverMails();
    return linkIn(test.mailer.to(user.email)[0]);
  };
  const loginOf = async ({ email, password }: TestUser) =>
    outcomeOf(await new ApiClient(test.app).post('/auth/login', { email, password }));

  function expectPage(page: Response, status: number, title: RegExp) {
    expect(page.status).toBe(status);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['referrer-policy']).toBe('no-referrer');
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(page.text).not.toMatch(/<script|\son\w+=|javascript:/i);
    expect(page.text).toMatch(/^<!doctype html>/);
    expect(page.text).toMatch(title);
  }

  it('shows a page whose button posts home; looking consumes nothing, and the button works once', async () => {
    const user = newUser();
    const link = await register(user);
    for (let round = 0; round < 2; round++) {
      const page = await open(link);
      expectPage(page, 200, /<h1>Confirm your e-mail address<\/h1>/);
      // Without an action the form posts to the address of the page, its token included.
      expect(page.text).toContain('<form method="post"><button type="submit">');
    }
    expect(await loginOf(user)).toBe('403 email_not_verified');
    const done = await press(link);
    expectPage(done, 200, /<h1>Your e-mail address is confirmed<\/h1>/);
    expect(done.text).not.toContain('<form');
    await logIn(test, user);
    expectPage(await press(link), 400, /does not work any more/);
    expectPage(await open(link), 400, /does not work any more/);
  });

  it('is good for 24 hours, however long the digits live', async () => {
    const user = newUser();
    const link = await register(user);
    test.clock.advance(24 * HOUR - 10_000);
    expect((await open(link)).status).toBe(200);
    expect((await press(link)).status).toBe(200);
    const late = await register(newUser());
    test.clock.advance(24 * HOUR);
    expectPage(await open(late), 400, /does not work any more/);
    expectPage(await press(late), 400, /does not work any more/);
  });

  it('does nothing once a newer registration has replaced the one it was for', async () => {
    const user = newUser();
    const earlier = await register(user);
    const later = await register({ ...newUser(), email: user.email });
    for (const page of [await open(earlier), await press(earlier)])
      expectPage(page, 400, /newer registration/);
    expect((await press(later)).status).toBe(200);
  });

  it('does nothing once the code has done it', async () => {
    const user = newUser();
    const link = await register(user);
    await test.database.run((db) =>
      db.user.update({ where: { email: user.email }, data: { emailVerifiedAt: new Date() } }),
    );
    expectPage(await press(link), 400, /just log in/);
  });

  it('says on a page that nothing else is a link', async () => {
    const link = await register(newUser());
    const token = link.slice(link.indexOf('=') + 1);
    const queries = [
      '',
      '?token=',
      `?token=${token}&token=${token}`,
      `?token[]=${token}`,
      `?token=${token.slice(0, -1)}`,
      `?token=${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`,
      '?token=%00',
      '?token=%ff',
      `?token=${'x'.repeat(5_000)}`,
      '?token=%3Cscript%3Ealert(1)%3C/script%3E',
    ];
    for (const query of queries) {
      for (const page of [await open(`/verify-email${query}`), await press(`/verify-email${query}`)]) {
        expectPage(page, 400, /does not work any more/);
      }
    }
    expect((await press(link)).status).toBe(200);
  });

  it('refuses other methods', async () => {
    const response = await request(test.app).delete('/verify-email');
    expect(outcomeOf(response)).toBe('405 method_not_allowed');
    expect(response.headers['allow']).toBe('GET, HEAD, POST');
  });

  it('goes on while the working state is away, still limited', async () => {
    const user = newUser();
    const link = await register(user);
    const away = new DependencyUnavailable('redis', new Error('away'));
    for (const store of ['sessionStore', 'otpStore', 'tokenBucketStore'] as const) {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(test.backends[store]));
      for (const method of methods.filter((name) => name !== 'constructor')) {
        jest.spyOn(test.backends[store], method as never).mockRejectedValue(away as never);
      }
    }
    expect(await loginOf(user)).toBe('503 dependency_unavailable');
    const page = await open(link);
    expect(page.status).toBe(200);
    expect(page.headers['ratelimit-policy']).toBe('"global";q=300;w=6');
    expect((await press(link)).status).toBe(200);
    jest.restoreAllMocks();
    await logIn(test, user);
  });
});
