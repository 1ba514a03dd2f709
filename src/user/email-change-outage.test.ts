import request from 'supertest';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { outcomeOf } from '../testing/answers';
import { ApiClient, freshAddress, logIn } from '../testing/api-client';
import {
  askForEmail,
  confirmEmail,
  freshEmail,
  mailedChange,
  moved,
  type SignedIn,
  signIn,
} from '../testing/email-changes';
import { eventually } from '../testing/redis-cluster';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';
import { ADMIN_URL, asAdmin } from '../testing/test-database';
import { findRedisServer, type RedisServer, startRedisServer } from '../testing/test-redis';

const UNAVAILABLE = '503 dependency_unavailable';
const away = new DependencyUnavailable('postgresql', new Error('away'));

const press = async (test: TestApp, link: string) =>
  outcomeOf(await request(test.app).post(link).set('X-Forwarded-For', freshAddress()));
const open = async (test: TestApp, link: string) =>
  outcomeOf(await request(test.app).get(link).set('X-Forwarded-For', freshAddress()));
const me = (test: TestApp, { accessToken }: SignedIn) =>
  new ApiClient(test.app).get('/users/me', accessToken);
const emailsOf = (test: TestApp, ...emails: string[]) =>
  test.database.run(async (db) => {
    const found = await db.user.findMany({ where: { email: { in: emails } } });
    return found.map(({ email }) => email);
  });

describe.each(stateKinds)('a change of e-mail while PostgreSQL is away, state in %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  async function withoutPostgres(act: () => Promise<void>): Promise<void> {
    const name = new URL(test.databaseUrl).pathname.slice(1);
    const adminUrl = String(process.env[ADMIN_URL]);
    await asAdmin(adminUrl, [
      `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`,
    ]);
    try {
      await act();
    } finally {
      await asAdmin(adminUrl, [`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`]);
    }
  }

  it('answers 503, and then the same request, code and link do what they were to do', async () => {
    const [asking, confirming, undoing] = [await signIn(test), await signIn(test), await signIn(test)];
    const { newEmail, code } = await mailedChange(test, confirming);
    const { undoLink } = await moved(test, undoing);
    const wanted = freshEmail();
    await withoutPostgres(async () => {
      const asked = await askForEmail(test, asking, wanted);
      expect(outcomeOf(asked)).toBe(UNAVAILABLE);
      expect(asked.text).not.toMatch(/postgres|prisma|ECONN|email_changes/i);
      expect(outcomeOf(await confirmEmail(test, confirming, code))).toBe(UNAVAILABLE);
      expect(await open(test, undoLink)).toBe(UNAVAILABLE);
      expect(await press(test, undoLink)).toBe(UNAVAILABLE);
    });
    await mailedChange(test, asking, wanted);
    expect((await confirmEmail(test, confirming, code)).body.email).toBe(newEmail);
    expect((await me(test, undoing)).status).toBe(200);
    expect(await press(test, undoLink)).toBe('200');
    expect(outcomeOf(await me(test, undoing))).toBe('401 invalid_token');
  }, 30_000);
});

describe.each(stateKinds)('a change of e-mail that fails half-way, state in %s', (state) => {
  let test: TestApp;
  let user: SignedIn;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  beforeEach(async () => {
    user = await signIn(test);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => test.close());

  it.each(['request', 'find'] as const)('can be asked for again (%s fails)', async (step) => {
    const newEmail = freshEmail();
    if (step === 'request') jest.spyOn(test.backends.emailChanges, step).mockRejectedValueOnce(away);
    else jest.spyOn(test.backends.accounts, step).mockRejectedValueOnce(away);
    expect(outcomeOf(await askForEmail(test, user, newEmail))).toBe(UNAVAILABLE);
    await test.deliverMails();
    expect(test.mailer.to(newEmail)).toEqual([]);
    await moved(test, user, newEmail);
  });

  it('has not used up the code where nothing could be read', async () => {
    const { newEmail, code } = await mailedChange(test, user);
    jest.spyOn(test.backends.emailChanges, 'findPending').mockRejectedValueOnce(away);
    expect(outcomeOf(await confirmEmail(test, user, code))).toBe(UNAVAILABLE);
    expect((await confirmEmail(test, user, code)).body.email).toBe(newEmail);
  });

  it('is not made where it could not be written, and can be asked for again', async () => {
    const { newEmail, code } = await mailedChange(test, user);
    jest.spyOn(test.backends.emailChanges, 'confirm').mockRejectedValueOnce(away);
    expect(outcomeOf(await confirmEmail(test, user, code))).toBe(UNAVAILABLE);
    expect((await me(test, user)).body.email).toBe(user.email);
    await moved(test, user, newEmail);
  });

  it.each(['beginChange', 'endAll'] as const)(
    'is not made where no session can be ended (%s)',
    async (step) => {
      const other = { ...user, ...(await logIn(test, user)) };
      const { newEmail, code } = await mailedChange(test, user);
      jest.spyOn(test.backends.sessionStore, step).mockRejectedValueOnce(away);
      expect(outcomeOf(await confirmEmail(test, user, code))).toBe(UNAVAILABLE);
      expect(await emailsOf(test, user.email, newEmail)).toEqual([user.email]);
      for (const each of [user, other]) expect((await me(test, each)).status).toBe(200);
      await moved(test, user, newEmail);
    },
  );

  it.each(['end', 'endChange'] as const)(
    'shows the new address where only the store failed (%s)',
    async (step) => {
      const other = { ...user, ...(await logIn(test, user)) };
      const { newEmail, code } = await mailedChange(test, user);
      jest.spyOn(test.backends.sessionStore, step).mockRejectedValueOnce(away);
      expect(outcomeOf(await confirmEmail(test, user, code))).toBe(UNAVAILABLE);
      expect((await me(test, user)).body.email).toBe(newEmail);
      expect(outcomeOf(await me(test, other))).toBe('401 invalid_token');
    },
  );

  it.each(['endAll', 'undo'] as const)('is not undone, and its link stays good (%s fails)', async (step) => {
    const { user: after, undoLink } = await moved(test, user);
    if (step === 'endAll') jest.spyOn(test.backends.sessionStore, step).mockRejectedValueOnce(away);
    else jest.spyOn(test.backends.emailChanges, step).mockRejectedValueOnce(away);
    expect(await press(test, undoLink)).toBe(UNAVAILABLE);
    expect(await emailsOf(test, user.email, after.email)).toEqual([after.email]);
    expect(await open(test, undoLink)).toBe('200');
    expect(await press(test, undoLink)).toBe('200');
    expect(outcomeOf(await me(test, user))).toBe('401 invalid_token');
  });

  it('is undone whole where the store fails last: no session lives, and the mails go out', async () => {
    const { user: after, undoLink } = await moved(test, user);
    jest.spyOn(test.backends.sessionStore, 'end').mockRejectedValueOnce(away);
    expect(await press(test, undoLink)).toBe(UNAVAILABLE);
    expect(await emailsOf(test, user.email, after.email)).toEqual([user.email]);
    expect(outcomeOf(await me(test, user))).toBe('401 invalid_token');
    const { length } = test.mailer.to(user.email);
    await test.deliverMails();
    expect(test.mailer.to(user.email)).toHaveLength(length + 2);
  });

  it('stages the code again where Redis was away when its mail was to go out', async () => {
    const newEmail = freshEmail();
    jest.spyOn(test.backends.otpStore, 'stage').mockRejectedValueOnce(away);
    await askForEmail(test, user, newEmail);
    await test.deliverMails();
    expect(test.mailer.to(newEmail)).toEqual([]);
    test.clock.advance(10_000);
    await test.deliverMails();
    expect(test.mailer.to(newEmail)).toHaveLength(1);
  });
});

// Without a Redis on this machine the global setup has said so.
const describeHere = findRedisServer() === undefined ? () => {} : describe;

describeHere('a change of e-mail while Redis is away', () => {
  let redis: RedisServer;
  let test: TestApp;
  beforeAll(async () => {
    redis = await startRedisServer();
    test = await createTestApp({ redisUrl: redis.url });
  });
  afterAll(async () => {
    await test.close();
    await redis.stop();
  });

  it('is neither asked for nor undone; back, the link does what it was to do, and revives nobody', async () => {
    const user = await signIn(test);
    const { user: after, undoLink } = await moved(test, user);
    await redis.kill();
    expect(outcomeOf(await askForEmail(test, after, freshEmail()))).toBe(UNAVAILABLE);
    expect(outcomeOf(await confirmEmail(test, after, '123456'))).toBe(UNAVAILABLE);
    expect(await press(test, undoLink)).toBe(UNAVAILABLE);
    expect(await open(test, undoLink)).toBe('200');
    expect(await emailsOf(test, user.email, after.email)).toEqual([after.email]);
    await redis.restart();
    await eventually(async () => expect(await press(test, undoLink)).toBe('200'));
    expect(await emailsOf(test, user.email, after.email)).toEqual([user.email]);
    expect(outcomeOf(await me(test, user))).toBe('401 invalid_token');
  });
});
