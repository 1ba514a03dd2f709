import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { countOutcomes, outcomeOf, plainAnswer } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp, type TestUser } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { codeIn, linkIn, tokenIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const HOUR = 3_600_000;
/** Well over the length of any password, and nothing in it is easy to guess. */
const long = 'Kx7 vQ2-bL9 zR4.wN8 tY3_mC6 hJ5!'.repeat(5);

describe.each(stateKinds)('registration over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  const register = (user: TestUser) => new ApiClient(test.app).post('/auth/register', user);
  const login = ({ email, password }: TestUser) =>
    new ApiClient(test.app).post('/auth/login', { email, password });
  const verify = (email: string, otp: string) =>
    new ApiClient(test.app).post('/otp/verify', { email, purpose: 'verify_email', otp });
  const requestCode = (email: string, purpose: string) =>
    new ApiClient(test.app).post('/otp/request', { email, purpose });

  it('answers a new, a pending and a verified address alike; the mails differ', async () => {
    const [fresh, pending] = [newUser(), newUser()];
    const verified = await signUp(test);
    await register(pending);
    await test.deliverMails();
    const answers = await Promise.all([fresh, pending, verified].map(register));
    expect(answers.map(plainAnswer)).toEqual(Array(3).fill(plainAnswer(await register(newUser()))));
    expect(answers[0]?.status).toBe(202);
    await test.deliverMails();
    for (const { email } of [fresh, pending]) expect(codeIn(test.mailer.to(email)[0])).toMatch(/^\d{6}$/);
    const [notice] = test.mailer.to(verified.email);
    expect(notice?.text).toMatch(/You have one already/);
    expect(() => codeIn(notice)).toThrow();
    expect(() => tokenIn(notice)).toThrow();
  });

  it('changes nothing about a verified account', async () => {
    const user = await signUp(test);
    const other = { ...newUser(), email: user.email, username: 'Eve' };
    await register(other);
    expect(outcomeOf(await login(other))).toBe('401 invalid_credentials');
    expect((await login(user)).body.user.username).toBe(user.username);
  });

  it('lets a later registration replace a pending one: its code, token and link alone do something', async () => {
    const first = newUser();
    const second = { ...newUser(), email: first.email, username: 'Grace Hopper' };
    await register(first);
    await test.deliverMails();
    const [earlier] = test.mailer.to(first.email);
    await register(second);
    for (const otp of [codeIn(earlier), tokenIn(earlier)]) {
      expect(outcomeOf(await verify(first.email, otp))).toBe('400 invalid_otp');
    }
    expect((await request(test.app).post(linkIn(earlier))).status).toBe(400);
    expect(outcomeOf(await login(first))).toBe('401 invalid_credentials');
    await test.deliverMails();
    expect((await request(test.app).post(linkIn(earlier))).status).toBe(400);
    const verified = await verify(first.email, codeIn(test.mailer.to(first.email)[0]));
    expect(verified.body).toEqual({ verified: true });
    expect((await login(second)).body.user.username).toBe('Grace Hopper');
    expect(outcomeOf(await login(first))).toBe('401 invalid_credentials');
  });

  it('lets a pending account die after 24 hours, counted from its newest registration', async () => {
    const user = newUser();
    await register(user);
    test.clock.advance(12 * HOUR);
    await register(user);
    test.clock.advance(23 * HOUR);
    expect(outcomeOf(await login(user))).toBe('403 email_not_verified');
    await requestCode(user.email, 'verify_email');
    await test.deliverMails();
    const otp = codeIn(test.mailer.to(user.email)[0]);
    const { length } = test.mailer.sent;
    test.clock.advance(HOUR + 1_000);
    expect(outcomeOf(await login(user))).toBe('401 invalid_credentials');
    expect(outcomeOf(await verify(user.email, otp))).toBe('400 invalid_otp');
    for (const purpose of ['verify_email', 'login', 'reset_password']) await requestCode(user.email, purpose);
    await test.deliverMails();
    expect(test.mailer.sent).toHaveLength(length);
    await signUp(test, user);
    await logIn(test, user);
  });

  it('treats a pending account as unknown for login and reset codes', async () => {
    const user = newUser();
    const { email } = user;
    await register(user);
    for (const purpose of ['login', 'reset_password']) await requestCode(email, purpose);
    await test.deliverMails();
    expect(test.mailer.to(email)).toHaveLength(1);
  });

  it('sends one address no more mails than the budget, and says nothing of it', async () => {
    const user = newUser();
    const answers = [];
    for (let round = 0; round < 7; round++) {
      answers.push(plainAnswer(await register(user)));
      await test.deliverMails();
    }
    expect(answers).toEqual(Array(7).fill(answers[0]));
    const mails = test.mailer.to(user.email);
    expect(mails).toHaveLength(5);
    // Later registrations replaced the one that this mail was for.
    expect(outcomeOf(await verify(user.email, codeIn(mails[0])))).toBe('400 invalid_otp');
    test.clock.advance(2_000_000);
    await register(user);
    await test.deliverMails();
    expect((await verify(user.email, codeIn(test.mailer.to(user.email)[0]))).status).toBe(200);
  });

  it.each([
    ['of 12 code points', long.slice(0, 12)],
    ['of 128 code points', long.slice(0, 128)],
    ['of 128 code points beyond the basic plane', '😀🐴🔋📎🦊🌵🚲🎻🧊🪁🥨🛶'.repeat(11).slice(0, 256)],
  ])('takes a password %s', async (_name, password) => {
    await logIn(test, await signUp(test, { ...newUser(), password }));
  });

  it('takes composed and decomposed letters for the same password', async () => {
    const password = 'Crème brûlée à la façon';
    const user = await signUp(test, { ...newUser(), password: password.normalize('NFC') });
    await logIn(test, { ...user, password: password.normalize('NFD') });
  });

  it('reads a password to its end, past a NUL', async () => {
    const user = await signUp(test, { ...newUser(), password: 'violet-lantern\0amber-47' });
    for (const password of ['violet-lantern', 'violet-lantern\0amber-48']) {
      expect(outcomeOf(await login({ ...user, password }))).toBe('401 invalid_credentials');
    }
    await logIn(test, user);
  });

  it('tells passwords apart that share their first 72 bytes', async () => {
    const shared = long.slice(0, 72);
    const user = await signUp(test, { ...newUser(), password: `${shared}one` });
    for (const password of [`${shared}two`, shared]) {
      expect(outcomeOf(await login({ ...user, password }))).toBe('401 invalid_credentials');
    }
    await logIn(test, user);
  });
});

// The record alone decides it: one kind of working state will do.
describe('64 registrations of one e-mail at once', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it.each(Array.from({ length: 10 }, (_, round) => round))(
    'leave one pending account, whole, that its mail verifies (round %i)',
    async () => {
      const { email } = newUser();
      const users = Array.from({ length: 64 }, (_, index) => ({
        email,
        username: `Ada ${index}`,
        password: randomBytes(12).toString('base64url'),
      }));
      const answers = await atOnce(64, (index) =>
        new ApiClient(test.app).post('/auth/register', users[index]),
      );
      expect(countOutcomes(answers)).toEqual({ 202: 64 });
      expect(new Set(answers.map((answer) => JSON.stringify(plainAnswer(answer)))).size).toBe(1);
      const rows = await test.database.run((db) => db.user.findMany({ where: { email } }));
      expect(rows).toHaveLength(1);
      await test.deliverMails();
      const otp = codeIn(test.mailer.to(email)[0]);
      const client = new ApiClient(test.app);
      expect((await client.post('/otp/verify', { email, purpose: 'verify_email', otp })).status).toBe(200);
      const winner = users.find(({ username }) => username === rows[0]?.username);
      const login = await client.post('/auth/login', { email, password: winner?.password });
      expect(login.body.user?.username).toBe(winner?.username);
    },
  );
});
