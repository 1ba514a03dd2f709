import request, { type Response } from 'supertest';
import { uuidv7 } from 'uuidv7';
import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, freshAddress, newUser, signUp } from '../testing/api-client';
import { atOnce, roundsOver } from '../testing/at-once';
import { linkIn } from '../testing/captured-mailer';
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

describe.each(stateKinds)('64 at once over %s', (state) => {
  const rounds = Array.from({ length: roundsOver(state, 10) }, (_, round) => round);
  let test: TestApp;
  beforeAll(async () => {
    const env = { RATE_LIMIT_MAIL: '1000000/1000', RATE_LIMIT_REAUTH: '1000/1' };
    test = await createTestApp({ state, env });
  });
  afterAll(() => test.close());

  const press = (link: string) => request(test.app).post(link).set('X-Forwarded-For', freshAddress());
  const meOf = ({ accessToken }: SignedIn) => new ApiClient(test.app).get('/users/me', accessToken);
  const usersAt = (email: string) => test.database.run((db) => db.user.findMany({ where: { email } }));

  it('who confirm one address with codes of their own: one has it, nobody else is changed', async () => {
    const newEmail = freshEmail();
    const users: (SignedIn & { code: string })[] = [];
    for (let count = 0; count < 64; count++) {
      const user = await signIn(test);
      users.push({ ...user, code: (await mailedChange(test, user, newEmail)).code });
    }
    const answers = await Promise.all(users.map((user) => confirmEmail(test, user, user.code)));
    expect(countOutcomes(answers)).toEqual({ 200: 1, '400 invalid_otp': 63 });
    const winner = answers.findIndex(({ status }) => status === 200);
    const shown = await Promise.all(users.map(meOf));
    expect(shown.map(({ body }) => body.email)).toEqual(
      users.map(({ email }, index) => (index === winner ? newEmail : email)),
    );
    const [holder] = await usersAt(newEmail);
    expect(holder?.id).toBe(shown[winner]?.body.id);
  }, 60_000);

  it.each(rounds)('who present one code: one changes the e-mail, once (round %i)', async () => {
    const user = await signIn(test);
    const { newEmail, code } = await mailedChange(test, user);
    const answers = await atOnce(64, () => confirmEmail(test, user, code));
    expect(countOutcomes(answers)).toEqual({ 200: 1, '400 invalid_otp': 63 });
    const [holder] = await usersAt(newEmail);
    expect(holder?.credentialVersion).toBe(2);
    expect((await meOf(user)).body.email).toBe(newEmail);
  });

  it('who ask as one user: one change is pending, the newest, and each has a place in their order', async () => {
    const user = await signIn(test);
    const emails = Array.from({ length: 64 }, freshEmail);
    const answers = await atOnce(64, (index) => askForEmail(test, user, emails[index] ?? ''));
    expect(countOutcomes(answers)).toEqual({ 202: 64 });
    await test.deliverMails();
    const { id } = (await meOf(user)).body;
    const changes = await test.database.run((db) =>
      db.emailChange.findMany({ where: { userId: id }, orderBy: { requestedAt: 'asc' } }),
    );
    expect(new Set(changes.map(({ requestedAt }) => requestedAt.getTime())).size).toBe(64);
    const mailed = emails.filter((email) => test.mailer.to(email).length > 0);
    expect(mailed).toEqual([changes.at(-1)?.toEmail]);
    const links = test.mailer.to(user.email).filter(({ text }) => text.includes('/undo-email-change'));
    expect(new Set(links.map(linkIn)).size).toBe(64);
  });

  it.each(rounds)('who press the button: the change is undone once (round %i)', async () => {
    const user = await signIn(test);
    const { undoLink } = await moved(test, user);
    const pages = await atOnce(64, () => press(undoLink));
    expect(pages.map(({ status }) => status).sort()).toEqual([200, ...Array(63).fill(400)]);
    const [row] = await usersAt(user.email);
    expect(row).toMatchObject({ passwordHash: null, credentialVersion: 3 });
    await test.deliverMails();
    expect(test.mailer.to(user.email).filter(({ text }) => /was undone/.test(text))).toHaveLength(1);
    const told = await test.database.run((db) =>
      db.auditEvent.count({ where: { subjectId: row?.id ?? null, details: { contains: 'undone' } } }),
    );
    expect(told).toBe(1);
  });

  it.each(rounds)(
    'of whom half confirm and half undo: it ends undone, with nobody inside (round %i)',
    async () => {
      const user = await signIn(test);
      const { newEmail, code, undoLink } = await mailedChange(test, user);
      const answers = await atOnce(64, async (index) =>
        index % 2 === 0 ? confirmEmail(test, user, code) : press(undoLink),
      );
      const pages = answers.filter((_, index) => index % 2 === 1);
      expect(pages.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const [row] = await usersAt(user.email);
      expect(row?.passwordHash).toBeNull();
      expect(await usersAt(newEmail)).toEqual([]);
      expect(outcomeOf(await meOf(user))).toBe('401 invalid_token');
    },
  );
});

// The record alone decides it: one kind of working state will do.
describe('a registration that meets a change', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const register = (email: string) => new ApiClient(test.app).post('/auth/register', { ...newUser(), email });
  const waiting = () =>
    eventually(async () => {
      const [row] = await test.database.run(
        (db) => db.$queryRaw<{ waiting: number }[]>`
          SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(row?.waiting).toBe(1);
    });

  /** As many registrations as there can be at once: below HTTP, where each would spend its time on a password. */
  const registrations = (email: string) =>
    atOnce(64, () => {
      const by = { actorId: null, address: 'local', requestId: 'test' };
      return test.services.accounts.register({ email, username: 'Ada', passwordHash: 'none' }, by);
    });
  const rounds = Array.from({ length: 10 }, (_, round) => round);

  it.each(rounds)(
    'does not keep the new address from whoever has the code, 64 at once (round %i)',
    async () => {
      const user = await signIn(test);
      const { newEmail, code } = await mailedChange(test, user);
      const [confirmed] = await Promise.all([confirmEmail(test, user, code), registrations(newEmail)]);
      expect(confirmed.body.email).toBe(newEmail);
      const holders = await test.database.run((db) => db.user.findMany({ where: { email: newEmail } }));
      expect(holders.map(({ id }) => id)).toEqual([confirmed.body.id]);
    },
  );

  it.each(rounds)('does not get the old address while it is given up, 64 at once (round %i)', async () => {
    const user = await signIn(test);
    const { code } = await mailedChange(test, user);
    const [confirmed] = await Promise.all([confirmEmail(test, user, code), registrations(user.email)]);
    expect(outcomeOf(confirmed)).toBe('200');
    expect(await test.database.run((db) => db.user.count({ where: { email: user.email } }))).toBe(0);
  });

  it('does not get the old address, though the change is not yet seen by others', async () => {
    const user = await signIn(test);
    const { newEmail } = await mailedChange(test, user);
    await test.database.transaction(async (tx) => {
      await tx.user.update({ where: { email: user.email }, data: { email: newEmail } });
      await tx.emailChange.updateMany({ where: { toEmail: newEmail }, data: { confirmedAt: new Date() } });
      expect((await register(user.email)).status).toBe(202);
    });
    expect(await test.database.run((db) => db.user.count({ where: { email: user.email } }))).toBe(0);
  });

  it('loses the new address to a change that it was written beside', async () => {
    const user = await signIn(test);
    const { newEmail, code } = await mailedChange(test, user);
    const squatter = { ...newUser(), email: newEmail };
    const now = new Date(test.clock.now());
    let confirmed: Promise<Response> | undefined;
    await test.database.transaction(async (tx) => {
      const { email, username } = squatter;
      await tx.user.create({ data: { id: uuidv7(), email, username, registeredAt: now, createdAt: now } });
      confirmed = confirmEmail(test, user, code);
      // It has seen nobody at the address, and now waits to write.
      await waiting();
    });
    expect((await confirmed)?.body.email).toBe(newEmail);
    expect(await test.database.run((db) => db.user.count({ where: { email: newEmail } }))).toBe(1);
  });

  it('keeps it where it is a user who was written beside', async () => {
    const user = await signIn(test);
    const { newEmail, code } = await mailedChange(test, user);
    const { email: formerly } = await signUp(test);
    let confirmed: Promise<Response> | undefined;
    await test.database.transaction(async (tx) => {
      await tx.user.update({ where: { email: formerly }, data: { email: newEmail } });
      confirmed = confirmEmail(test, user, code);
      await waiting();
    });
    expect(confirmed && outcomeOf(await confirmed)).toBe('400 invalid_otp');
    expect(await test.database.run((db) => db.user.count({ where: { email: user.email } }))).toBe(1);
  });
});
