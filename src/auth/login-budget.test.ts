import type { Response } from 'supertest';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, logIn, newUser, signUp, type TestUser } from '../testing/api-client';
import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const HALF_HOUR = 1_800_000;
const DAY = 86_400_000;
const COMPARED = '401 invalid_credentials';
/** 50/0.0005, the default of `RATE_LIMIT_LOGIN_ACCOUNT_ALL`. */
const BUDGET = 50;
/** The race of 64 is another test's: here no store is to be late on a busy machine. */
const AT_ONCE = 16;

describe.each(stateKinds)('the budget of failed logins over all addresses, over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  /** So many strangers, each from an address of its own; how many of their passwords were compared. */
  async function guess(email: string, strangers: number): Promise<number> {
    const answers: Response[] = [];
    while (answers.length < strangers) {
      const group = await atOnce(Math.min(AT_ONCE, strangers - answers.length), (index) =>
        new ApiClient(test.app).post('/auth/login', {
          email: index % 2 === 0 ? email : email.toUpperCase(),
          password: 'not this one',
        }),
      );
      answers.push(...group);
    }
    const { [COMPARED]: compared = 0, '429 rate_limited': refused = 0, ...others } = countOutcomes(answers);
    expect(others).toEqual({});
    expect(compared + refused).toBe(strangers);
    return compared;
  }

  const tryLogin = async ({ email, password }: TestUser, client: ApiClient) =>
    outcomeOf(await client.post('/auth/login', { email, password }));

  it('lets strangers compare fewer than 100 passwords a day, and the owner in at any time of it', async () => {
    const user = await signUp(test);
    const home = new ApiClient(test.app);
    await logIn(test, user, home);
    const compared = [await guess(user.email, 64)];
    for (let time = HALF_HOUR; time <= 2 * DAY; time += HALF_HOUR) {
      test.clock.advance(HALF_HOUR);
      compared.push(await guess(user.email, 4));
      if (time % (4 * HALF_HOUR) === 0) expect(await tryLogin(user, home)).toBe('200');
    }
    const within = (from: number, to: number) =>
      compared.slice(from / HALF_HOUR, to / HALF_HOUR + 1).reduce((sum, count) => sum + count, 0);
    // 50, and 0.0005 a second: 43.2 a day.
    expect(within(0, DAY)).toBe(BUDGET + 43);
    expect(within(0, 2 * DAY)).toBe(BUDGET + 86);
    expect(within(0, DAY)).toBeLessThan(100);
  }, 60_000);

  it('is the same for an e-mail that nobody has: it tells nothing of who has an account', async () => {
    const [user, nobody] = [await signUp(test), newUser()];
    expect(await guess(user.email, 64)).toBe(BUDGET);
    expect(await guess(nobody.email, 64)).toBe(BUDGET);
  });

  it('is not renewed by logins that succeed, of the owner or between two guesses', async () => {
    const user = await signUp(test);
    const home = new ApiClient(test.app);
    await logIn(test, user, home);
    let compared = 0;
    for (let round = 0; round < 8; round += 1) {
      compared += await guess(user.email, 8);
      // From home, which costs nothing of it, and from a new address, which gets back what it has paid, while it may.
      expect(await tryLogin(user, home)).toBe('200');
      expect(await tryLogin(user, new ApiClient(test.app))).toBe(
        compared < BUDGET ? '200' : '429 rate_limited',
      );
      test.clock.advance(1_000);
    }
    expect(compared).toBe(BUDGET);
  });

  it('exempts the ten addresses that the account used last, and for 90 days each', async () => {
    const user = await signUp(test);
    const clients = Array.from({ length: 11 }, () => new ApiClient(test.app));
    for (const client of clients) {
      await logIn(test, user, client);
      test.clock.advance(1_000);
    }
    expect(await guess(user.email, 64)).toBe(BUDGET);
    const [oldest, ...known] = clients as [ApiClient, ...ApiClient[]];
    expect(await tryLogin(user, oldest)).toBe('429 rate_limited');
    for (const client of known) expect(await tryLogin(user, client)).toBe('200');

    const [kept, left] = known as [ApiClient, ApiClient];
    test.clock.advance(60 * DAY);
    expect(await tryLogin(user, kept)).toBe('200');
    test.clock.advance(31 * DAY);
    expect(await guess(user.email, 64)).toBe(BUDGET);
    expect(await tryLogin(user, left)).toBe('429 rate_limited');
    expect(await tryLogin(user, kept)).toBe('200');
  });

  it('exempts nobody for failing often, and drives no known address out', async () => {
    const user = await signUp(test);
    const home = new ApiClient(test.app);
    await logIn(test, user, home);
    const strangers = Array.from({ length: 12 }, () => new ApiClient(test.app));
    for (const client of strangers) {
      for (let n = 0; n < 3; n += 1) {
        await client.post('/auth/login', { email: user.email, password: 'not this one' });
      }
    }
    await guess(user.email, 64);
    expect(await tryLogin(user, home)).toBe('200');
    for (const client of strangers) expect(await tryLogin(user, client)).toBe('429 rate_limited');
  });

  it('knows no address from where a stolen session was used, and forgets none of the owner for it', async () => {
    const user = await signUp(test);
    const home = new ApiClient(test.app);
    let { refreshToken } = await logIn(test, user, home);
    const thieves = Array.from({ length: 12 }, () => new ApiClient(test.app));
    for (const thief of thieves) {
      const refreshed = await thief.post('/auth/refresh', { refreshToken });
      expect(refreshed.status).toBe(200);
      ({ refreshToken } = refreshed.body);
      expect((await thief.get('/users/me', refreshed.body.accessToken)).status).toBe(200);
      test.clock.advance(1_000);
    }
    await guess(user.email, 64);
    for (const thief of thieves) expect(await tryLogin(user, thief)).toBe('429 rate_limited');
    expect(await tryLogin(user, home)).toBe('200');
  });

  it('takes no proxy at its word for the owner’s address', async () => {
    const user = await signUp(test);
    const home = new ApiClient(test.app);
    await logIn(test, user, home);
    await guess(user.email, 64);
    for (const from of [
      `${home.address}, 198.51.100.7`,
      `${home.address},198.51.100.8`,
      `${home.address}, x`,
    ]) {
      expect(await tryLogin(user, new ApiClient(test.app, from))).toBe('429 rate_limited');
    }
    expect(await tryLogin(user, new ApiClient(test.app, `198.51.100.7, ${home.address}`))).toBe('200');
  });
});
