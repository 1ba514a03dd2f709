import { uuidv7 } from 'uuidv7';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database';
import { DependencyUnavailable } from '../dependency-unavailable';
import { Database } from '../postgres/database';
import { MAIL_KINDS } from './outbox-store';
import { enqueueMail, type MailToEnqueue, PrismaOutboxStore } from './prisma-outbox-store';

const MINUTE = 60_000;
/** Moves on with the machine, as PostgreSQL does; only the offset is the test's. */
const clock = { offset: 0, now: () => Date.now() + clock.offset };
let test: TestDatabase;
let database: Database;
let store: PrismaOutboxStore;

beforeAll(async () => {
  test = await createTestDatabase();
  database = new Database(test.url);
  store = new PrismaOutboxStore(database, clock);
});

afterAll(async () => {
  await database?.close();
  await test?.drop();
});

beforeEach(async () => {
  clock.offset = 0;
  await database.run((client) => client.outboxMail.deleteMany());
});

function enqueue(mail: Partial<MailToEnqueue> = {}): Promise<string> {
  return database.run((client) =>
    enqueueMail(client, { kind: 'LOGIN_CODE', email: 'ann@example.com', now: clock.now(), ...mail }),
  );
}

describe('the outbox in PostgreSQL', () => {
  it('hands out a mail as it was written', async () => {
    const now = clock.now();
    const emailChangeId = uuidv7();
    const id = await enqueue({ kind: 'VERIFY_EMAIL', credentialVersion: 4, emailChangeId, now });
    expect(await store.claim(10, MINUTE)).toEqual([
      {
        id,
        kind: 'VERIFY_EMAIL',
        email: 'ann@example.com',
        credentialVersion: 4,
        emailChangeId,
        attempts: 1,
        createdAt: now,
        expiresAt: now + 10 * MINUTE,
      },
    ]);
  });

  it('lets codes die with their ten minutes, notices after a day, and one with a link with that', async () => {
    const now = clock.now();
    for (const kind of MAIL_KINDS) await enqueue({ kind, now });
    const lives = new Map(
      (await store.claim(10, MINUTE)).map(({ kind, expiresAt }) => [kind, expiresAt - now]),
    );
    for (const kind of MAIL_KINDS) {
      const days = kind === 'EMAIL_CHANGE_NOTICE' ? 3 : 1;
      expect(lives.get(kind)).toBe(/CODE|VERIFY/.test(kind) ? 10 * MINUTE : days * 24 * 60 * MINUTE);
    }
  });

  it('writes nothing when the transaction of the act fails', async () => {
    await expect(
      database.transaction(async (tx) => {
        await enqueueMail(tx, { kind: 'PASSWORD_CHANGED', email: 'ann@example.com', now: clock.now() });
        throw new Error('the act failed');
      }),
    ).rejects.toThrow('the act failed');
    expect(await store.claim(10, MINUTE)).toEqual([]);
  });

  it('hands out the oldest first, and no more than asked for', async () => {
    const now = clock.now();
    const newer = await enqueue({ now: now - 1_000 });
    const oldest = await enqueue({ now: now - 3_000 });
    const old = await enqueue({ now: now - 2_000 });
    expect((await store.claim(2, MINUTE)).map(({ id }) => id)).toEqual([oldest, old]);
    expect((await store.claim(2, MINUTE)).map(({ id }) => id)).toEqual([newer]);
  });

  it('hands a claimed mail out again only when its lease has ended', async () => {
    const id = await enqueue();
    await store.claim(1, MINUTE);
    clock.offset = MINUTE - 5_000;
    expect(await store.claim(1, MINUTE)).toEqual([]);
    clock.offset = MINUTE + 1;
    expect(await store.claim(1, MINUTE)).toMatchObject([{ id, attempts: 2 }]);
  });

  it('hands a mail that is to be tried again out from then on', async () => {
    const id = await enqueue();
    await store.claim(1, MINUTE);
    await store.retry(id, clock.now() + 10_000);
    clock.offset = 5_000;
    expect(await store.claim(1, MINUTE)).toEqual([]);
    clock.offset = 10_001;
    expect(await store.claim(1, MINUTE)).toMatchObject([{ id, attempts: 2 }]);
  });

  it('forgets a completed mail, and minds no second completion or late retry', async () => {
    const id = await enqueue();
    await store.complete(id);
    await store.complete(id);
    await store.retry(id, clock.now());
    expect(await store.claim(1, MINUTE)).toEqual([]);
  });

  it('hands out no expired mail, and tells what it gives up', async () => {
    await enqueue({ kind: 'LOGIN_CODE' });
    await enqueue({ kind: 'LOGIN_CODE' });
    await enqueue({ kind: 'RESET_CODE' });
    const notice = await enqueue({ kind: 'TOKEN_REUSED' });
    clock.offset = 10 * MINUTE + 1;
    expect(await store.claim(10, MINUTE)).toMatchObject([{ id: notice }]);
    expect(await store.giveUpExpired()).toEqual(
      new Map([
        ['LOGIN_CODE', 2],
        ['RESET_CODE', 1],
      ]),
    );
    expect(await store.giveUpExpired()).toEqual(new Map());
    expect((await store.backlog()).waiting).toBe(1);
  });

  it('tells what waits, and for how long codes and notices have', async () => {
    expect(await store.backlog()).toEqual({ waiting: 0, oldestCodeAgeMs: 0, oldestNoticeAgeMs: 0 });
    await enqueue({ now: clock.now() - 5_000 });
    await enqueue();
    const { waiting, oldestCodeAgeMs, oldestNoticeAgeMs } = await store.backlog();
    expect([waiting, oldestNoticeAgeMs]).toEqual([2, 0]);
    expect(oldestCodeAgeMs).toBeGreaterThanOrEqual(5_000);
    expect(oldestCodeAgeMs).toBeLessThan(60_000);
    await enqueue({ kind: 'EMAIL_CHANGE_NOTICE', now: clock.now() - 71 * 60 * MINUTE });
    const later = await store.backlog();
    expect(later.oldestNoticeAgeMs).toBeGreaterThanOrEqual(71 * 60 * MINUTE);
    expect(later.oldestCodeAgeMs).toBeLessThan(60_000);
  });

  it('gives each of 64 mails to one of 64 claimers at once', async () => {
    for (let round = 0; round < 20; round++) {
      const ids = await Promise.all(Array.from({ length: 64 }, () => enqueue()));
      const claims = await Promise.all(Array.from({ length: 64 }, () => store.claim(3, MINUTE)));
      // A claimer passes over what another is just taking, so a few may be left for the next look.
      const rest = await store.claim(64, MINUTE);
      const claimed = [...claims, rest].flat().map(({ id }) => id);
      expect(claims.every((mails) => mails.length <= 3)).toBe(true);
      expect(claimed).toHaveLength(64);
      expect(new Set(claimed)).toEqual(new Set(ids));
      await database.run((client) => client.outboxMail.deleteMany());
    }
  });

  it('says that PostgreSQL is unavailable', async () => {
    const nowhere = new Database('postgresql://nobody@127.0.0.1:1/none');
    const unreachable = new PrismaOutboxStore(nowhere, clock);
    await expect(unreachable.claim(1, MINUTE)).rejects.toBeInstanceOf(DependencyUnavailable);
    await expect(unreachable.complete('00000000-0000-7000-8000-000000000000')).rejects.toBeInstanceOf(
      DependencyUnavailable,
    );
    await nowhere.close();
  });
});
