import { uuidv7 } from 'uuidv7';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database';
import { Database } from '../postgres/database';

/** What the triggers of the migration `user_search` keep, beside the users themselves. */
let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  // As many connections as there are at once, and patience: here it is not speed that is tested.
  database = new Database(test.url, { poolSize: 64, connectMs: 30_000, statementMs: 30_000 });
});

afterAll(async () => {
  await database?.close();
  await test?.drop();
});

beforeEach(async () => {
  await database.run((client) => client.user.deleteMany());
});

function user(username: string) {
  const [id, now] = [uuidv7(), new Date()];
  return { id, email: `${id}@example.com`, username, registeredAt: now, createdAt: now };
}

function add(username: string): Promise<string> {
  return database.run(async (client) => (await client.user.create({ data: user(username) })).id);
}

const words = () =>
  database.run(async (client) => (await client.userNameWord.findMany()).map(({ word }) => word).sort());

/** Parts that lie there and should not, or the other way round; words that users have and that are missing. */
function faults() {
  return database.run(
    (client) => client.$queryRaw`
      WITH due AS (
        SELECT user_segment(role, disabled_at, email_verified_at) AS segment, split.later, split.part, users.id, split.word
        FROM users, split_user_name(username) AS split)
      (SELECT segment::text, later::text, part, id::text FROM due
       EXCEPT SELECT segment::text, later::text, part, user_id::text FROM user_name_parts)
      UNION ALL
      (SELECT segment::text, later::text, part, user_id::text FROM user_name_parts
       EXCEPT SELECT segment::text, later::text, part, id::text FROM due)
      UNION ALL
      (SELECT 'word', '', word, '' FROM due EXCEPT SELECT 'word', '', word, '' FROM user_name_words)`,
  );
}

describe('the names of users', () => {
  it('are cut at each word, in lower case, numbers at the end kept apart', async () => {
    await add(' Ada  King-LOVELACE_1815.');
    const parts = await database.run((client) => client.userNamePart.findMany({ orderBy: { part: 'asc' } }));
    expect(parts.map(({ part, later, segment }) => [part, later, segment])).toEqual([
      ['1815 ', true, 4],
      ['ada king lovelace 1815 ', false, 4],
      ['king lovelace 1815 ', true, 4],
      ['lovelace 1815 ', true, 4],
    ]);
    await add('owl42');
    expect(await words()).toEqual(['1815', 'ada', 'king', 'lovelace', 'owl']);
  });

  it('leave no word behind that nobody has any more', async () => {
    const ada = await add('Ada Lovelace');
    const king = await add('Ada King7');
    await database.run((client) =>
      client.user.update({ where: { id: king }, data: { username: 'Ada Queen' } }),
    );
    expect(await words()).toEqual(['ada', 'lovelace', 'queen']);
    await database.run((client) => client.user.delete({ where: { id: ada } }));
    expect(await words()).toEqual(['ada', 'queen']);
    await database.run((client) => client.user.deleteMany());
    expect(await words()).toEqual([]);
    expect(await faults()).toEqual([]);
  });

  it('leave no trace of a change that was taken back', async () => {
    const failure = database.transaction(async (tx) => {
      await tx.user.create({ data: user('Ada') });
      throw new Error('taken back');
    });
    await expect(failure).rejects.toThrow('taken back');
    expect(await words()).toEqual([]);
    expect(await faults()).toEqual([]);
  });

  it('come back with a backup, which has no search path and may bring them by itself', async () => {
    const { id, email } = user('');
    await database.transaction(async (tx) => {
      await tx.userNamePart.create({ data: { segment: 4, later: false, part: 'ada king', userId: id } });
      await tx.userNameWord.create({ data: { word: 'ada' } });
      await tx.$executeRaw`SET LOCAL search_path = ''`;
      await tx.$executeRaw`
        INSERT INTO public.users (id, email, username, registered_at, created_at)
        VALUES (${id}::uuid, ${email}, 'Ada King', now(), now())`;
    });
    expect(await faults()).toEqual([]);
    expect(await words()).toEqual(['ada', 'king']);
  });

  it('are kept whole when 64 come, go and change at once', async () => {
    const NAMES = ['Ada Bo', 'Bo Ada', 'Bo Cy', 'Cy', 'Dee Ada', 'Eve9', 'Cy Dee Eve', 'Fay'];
    const pick = (n: number) => NAMES[n % NAMES.length] ?? '';
    for (let round = 0; round < 10; round += 1) {
      const ids = await Promise.all(Array.from({ length: 32 }, (_, n) => add(pick(n + round))));
      await Promise.all(
        Array.from({ length: 64 }, (_, n) => {
          const id = ids[n % 32] ?? '';
          if (n >= 32) return add(pick(n * 5 + round));
          return n % 2 === 0
            ? database.run((client) => client.user.deleteMany({ where: { id } }))
            : database.run((client) =>
                client.user.updateMany({
                  where: { id },
                  data: { username: pick(n * 3 + round), emailVerifiedAt: new Date() },
                }),
              );
        }),
      );
      expect(await faults()).toEqual([]);
      await database.run((client) => client.user.deleteMany());
      expect(await faults()).toEqual([]);
    }
  }, 60_000);

  it('keep a word whose last owner goes while another one is on the way', async () => {
    const leaver = await add('Zorblax');
    await database.transaction(async (tx) => {
      await tx.user.create({ data: user('Zorblax') });
      await database.run((client) => client.user.delete({ where: { id: leaver } }));
    });
    expect(await words()).toEqual(['zorblax']);
  });

  it('get a word back that is just being removed', async () => {
    const leaver = await add('Zorblax');
    let arrival: Promise<string> | undefined;
    await database.transaction(async (tx) => {
      await tx.user.delete({ where: { id: leaver } });
      arrival = add('Zorblax');
      while ((await waiting()) === 0);
    });
    await arrival;
    expect(await words()).toEqual(['zorblax']);
  });

  it('keep a word that is removed and brought back by many at once', async () => {
    for (let round = 0; round < 30; round += 1) {
      const leaver = await add('Zorblax');
      await Promise.all([
        database.run((client) => client.user.delete({ where: { id: leaver } })),
        ...Array.from({ length: 63 }, () => add('Zorblax')),
      ]);
      expect(await words()).toEqual(['zorblax']);
      await database.run((client) => client.user.deleteMany());
    }
  }, 60_000);
});

/** Connections to this database that wait for a lock. */
async function waiting(): Promise<number> {
  const [row] = await database.run(
    (client) => client.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.waiting ?? 0;
}
