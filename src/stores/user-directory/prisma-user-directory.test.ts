import { uuidv7 } from 'uuidv7';
import { FrozenClock } from '../../testing/test-clock';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database';
import { PENDING_LIFETIME_MS } from '../account/account-store';
import { DependencyUnavailable } from '../dependency-unavailable';
import { Database } from '../postgres/database';
import { decodeCursor, encodeCursor, startOf } from './directory-cursor';
import { PrismaUserDirectory } from './prisma-user-directory';
import type { DirectoryFilter } from './user-directory';

const MINUTE = 60_000;
const clock = new FrozenClock();
let test: TestDatabase;
let database: Database;
let directory: PrismaUserDirectory;

beforeAll(async () => {
  test = await createTestDatabase();
  database = new Database(test.url, { connectMs: 10_000, statementMs: 10_000 });
  directory = new PrismaUserDirectory(database, clock);
});

afterAll(async () => {
  await database?.close();
  await test?.drop();
});

beforeEach(async () => {
  await database.run((client) => client.user.deleteMany());
});

interface NewUser {
  readonly username?: string;
  readonly email?: string;
  readonly role?: 'USER' | 'ADMIN';
  readonly pending?: boolean;
  /** Milliseconds from now; null for good. */
  readonly disabledFor?: number | null;
  readonly registeredAgo?: number;
}

let made = 0;

/** Ids of users made one after the other lie in that order. */
async function add({
  username = 'Nobody',
  disabledFor,
  registeredAgo = 0,
  ...user
}: NewUser): Promise<string> {
  made += 1;
  const at = new Date(clock.now() - registeredAgo);
  const { id } = await database.run((client) =>
    client.user.create({
      data: {
        id: uuidv7(),
        email: user.email ?? `z${made}@example.com`,
        username,
        role: user.role ?? 'USER',
        emailVerifiedAt: user.pending ? null : at,
        registeredAt: at,
        createdAt: at,
        ...(disabledFor === undefined ? {} : { disabledAt: at, disabledReason: 'spam' }),
        ...(typeof disabledFor === 'number' ? { disabledUntil: new Date(clock.now() + disabledFor) } : {}),
      },
    }),
  );
  return id;
}

async function addNames(...usernames: string[]): Promise<void> {
  for (const username of usernames) await add({ username });
}

async function names(q: string, filter: DirectoryFilter = {}): Promise<string[]> {
  return (await directory.list({ limit: 100, ...filter, q })).users.map(({ username }) => username);
}

async function emails(filter: DirectoryFilter): Promise<string[]> {
  return (await directory.list({ limit: 100, ...filter })).users.map(({ email }) => email);
}

/** Every page in turn, by cursors that go through their text form; `between` is called after each. */
async function walk(
  filter: DirectoryFilter,
  limit: number,
  between = async (_page: number, _read: readonly string[]) => {},
) {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 1_000; page += 1) {
    const after = cursor === null ? undefined : decodeCursor(cursor, filter);
    if (cursor !== null) expect(after).toBeDefined();
    const answer = await directory.list({ ...filter, limit, after });
    expect(answer.users.length).toBeLessThanOrEqual(limit);
    ids.push(...answer.users.map(({ id }) => id));
    cursor = answer.nextCursor;
    if (cursor === null) return ids;
    await between(page, ids);
  }
  throw new Error('the walk does not end');
}

describe('a user in the directory', () => {
  it('shows what the contract names, and nothing else', async () => {
    const id = await add({ username: 'Ada', email: 'ada@example.com', role: 'ADMIN', disabledFor: MINUTE });
    const shown = {
      id,
      email: 'ada@example.com',
      username: 'Ada',
      role: 'ADMIN',
      emailVerified: true,
      createdAt: clock.now(),
      status: 'disabled',
      disabledUntil: clock.now() + MINUTE,
      disabledReason: 'spam',
      lastLoginAt: null,
    };
    expect(await directory.find(id)).toEqual(shown);
    expect((await directory.list({ limit: 1 })).users).toEqual([shown]);
    expect((await directory.list({ limit: 1, q: 'ada' })).users).toEqual([shown]);
  });

  it('shows when the last login was', async () => {
    const id = await add({});
    const lastLoginAt = clock.now() - MINUTE;
    await database.run((client) =>
      client.user.update({ where: { id }, data: { lastLoginAt: new Date(lastLoginAt) } }),
    );
    expect(await directory.find(id)).toMatchObject({ lastLoginAt });
    expect((await directory.list({ limit: 1 })).users).toMatchObject([{ lastLoginAt }]);
  });

  it.each([
    ['active', {}, { status: 'active', disabledUntil: null, disabledReason: null }],
    [
      'disabled for good',
      { disabledFor: null },
      { status: 'disabled', disabledUntil: null, disabledReason: 'spam' },
    ],
    [
      'disabled until now',
      { disabledFor: 0 },
      { status: 'active', disabledUntil: null, disabledReason: null },
    ],
    ['pending', { pending: true }, { status: 'pending', emailVerified: false }],
    ['pending and disabled', { pending: true, disabledFor: 1 }, { status: 'disabled', emailVerified: false }],
    [
      'pending, its disabling over',
      { pending: true, disabledFor: 0 },
      { status: 'pending', disabledReason: null },
    ],
  ])('that is %s says so', async (_, user, shown) => {
    const id = await add({ username: 'Ada', ...user });
    expect(await directory.find(id)).toMatchObject(shown);
    expect((await directory.list({ limit: 1, q: 'ada' })).users).toMatchObject([{ id, ...shown }]);
  });

  it('is nobody once the registration has died, disabled or not', async () => {
    const alive = await add({ username: 'Ada', pending: true, registeredAgo: PENDING_LIFETIME_MS - 1 });
    const dead = await add({ username: 'Ada', pending: true, registeredAgo: PENDING_LIFETIME_MS });
    const disabled = { pending: true, registeredAgo: PENDING_LIFETIME_MS, disabledFor: null };
    await add({ username: 'Ada', ...disabled });
    expect(await directory.find(dead)).toBeUndefined();
    for (const filter of [{}, { q: 'ada' }, { status: 'pending' as const }]) {
      expect((await directory.list({ limit: 10, ...filter })).users).toMatchObject([{ id: alive }]);
    }
    expect(await emails({ status: 'disabled' })).toEqual([]);
  });

  it('is nobody if there is none', async () => {
    expect(await directory.find(uuidv7())).toBeUndefined();
  });
});

describe('the directory', () => {
  it('lists the newest first, page by page, whoever comes and goes meanwhile', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 23; n += 1) ids.unshift(await add({}));
    expect(await walk({}, 10)).toEqual(ids);
    const gone = ids.at(-1) ?? '';
    const seen = await walk({}, 5, async (page) => {
      await add({});
      if (page === 0) await database.run((client) => client.user.deleteMany({ where: { id: gone } }));
      // The one the cursor stands at goes too.
      if (page === 1) await database.run((client) => client.user.deleteMany({ where: { id: ids[9] ?? '' } }));
    });
    expect(seen).toEqual(ids.slice(0, -1));
  });

  it('ends exactly with a full page', async () => {
    for (let n = 0; n < 4; n += 1) await add({ username: 'Ada' });
    for (const filter of [{}, { q: 'ada' }]) {
      const page = await directory.list({ ...filter, limit: 4 });
      expect(page.users).toHaveLength(4);
      expect(page.nextCursor).toBeNull();
    }
  });

  it('has each filter, alone, with another, and with a search', async () => {
    await add({ email: 'user@x.test', username: 'Ada' });
    await add({ email: 'pending@x.test', username: 'Ada', pending: true });
    await add({ email: 'disabled@x.test', username: 'Ada', disabledFor: null });
    await add({ email: 'both@x.test', username: 'Ada', disabledFor: MINUTE, pending: true });
    await add({ email: 'over@x.test', username: 'Ada', disabledFor: -MINUTE });
    await add({ email: 'admin@x.test', username: 'Ada', role: 'ADMIN' });
    await add({ email: 'admin-off@x.test', username: 'Ada', role: 'ADMIN', disabledFor: MINUTE });
    for (const q of [undefined, 'ada', 'aad']) {
      const found = async (filter: DirectoryFilter) =>
        (await emails({ ...filter, q })).map((email) => email.replace('@x.test', '')).sort();
      expect(await found({})).toHaveLength(7);
      expect(await found({ role: 'ADMIN' })).toEqual(['admin', 'admin-off']);
      expect(await found({ role: 'USER' })).toEqual(['both', 'disabled', 'over', 'pending', 'user']);
      expect(await found({ status: 'active' })).toEqual(['admin', 'over', 'user']);
      expect(await found({ status: 'disabled' })).toEqual(['admin-off', 'both', 'disabled']);
      expect(await found({ status: 'pending' })).toEqual(['pending']);
      expect(await found({ role: 'ADMIN', status: 'disabled' })).toEqual(['admin-off']);
      expect(await found({ role: 'ADMIN', status: 'active' })).toEqual(['admin']);
      expect(await found({ role: 'USER', status: 'disabled' })).toEqual(['both', 'disabled']);
      expect(await found({ role: 'ADMIN', status: 'pending' })).toEqual([]);
    }
  });

  it('passes over very many to find a few, and hands out what it has when they are too many', async () => {
    const first = await add({ username: 'Ada', disabledFor: null });
    await fill(2_000, 'Ada', { disabledUntil: new Date(clock.now()) });
    for (const filter of [{ status: 'disabled' }, { status: 'disabled', q: 'ada' }] as const) {
      expect((await directory.list({ limit: 10, ...filter })).users).toMatchObject([{ id: first }]);
    }
    await fill(4_000, 'Ada', { disabledUntil: new Date(clock.now()) });
    const page = await directory.list({ limit: 10, status: 'disabled' });
    expect(page).toEqual({ users: [], nextCursor: expect.any(String) });
    expect(await walk({ status: 'disabled' }, 10)).toEqual([first]);
  }, 60_000);

  it('says that PostgreSQL is unavailable', async () => {
    const nowhere = new Database('postgresql://nobody@127.0.0.1:1/none');
    const unreachable = new PrismaUserDirectory(nowhere, clock);
    await expect(unreachable.list({ limit: 1 })).rejects.toBeInstanceOf(DependencyUnavailable);
    await expect(unreachable.list({ limit: 1, q: 'ada' })).rejects.toBeInstanceOf(DependencyUnavailable);
    await expect(unreachable.find(uuidv7())).rejects.toBeInstanceOf(DependencyUnavailable);
    await nowhere.close();
  });
});

/** Many disabled users of one name, in one statement. */
async function fill(count: number, username: string, { disabledUntil }: { disabledUntil: Date }) {
  const now = new Date(clock.now());
  await database.run((client) =>
    client.user.createMany({
      data: Array.from({ length: count }, () => ({
        id: uuidv7(),
        email: `${uuidv7()}@fill.test`,
        username,
        emailVerifiedAt: now,
        disabledAt: now,
        disabledUntil,
        registeredAt: now,
        createdAt: now,
      })),
    }),
  );
}

describe('a search', () => {
  it('finds an exact e-mail first, then e-mails, names and later words that begin so, then similar names', async () => {
    await add({ username: 'Ada Lovelase', email: 'q4@example.com' });
    await add({ username: 'Maria Lovelace', email: 'q3@example.com' });
    await add({ username: 'Lovelace Ada', email: 'q2@example.com' });
    await add({ username: 'Zoe', email: 'lovelace@example.com' });
    await add({ username: 'Ann', email: 'lovelace@example.com.test' });
    await add({ username: 'Somebody Else', email: 'q5@example.com' });
    expect(await names('lovelace')).toEqual(['Zoe', 'Ann', 'Lovelace Ada', 'Maria Lovelace', 'Ada Lovelase']);
    expect(await names('lovelace@example.com')).toEqual(['Zoe', 'Ann']);
    expect(await names('LoveLace@Example.COM.')).toEqual(['Ann']);
  });

  it('finds each user once, by however many ways', async () => {
    await add({ username: 'Anna Annabel Anne', email: 'anna@example.com' });
    await add({ username: 'Anna Annabel Ann' });
    await add({ username: 'Xenia Anna Annabel' });
    await add({ username: 'Anna Anan' });
    for (const q of ['ann', 'anna', 'anan', 'annabel', 'anne', 'annabell', 'anna annabel']) {
      const ids = await walk({ q }, 1);
      expect(new Set(ids).size).toBe(ids.length);
    }
    expect(await walk({ q: 'ann' }, 1)).toHaveLength(4);
  });

  it.each([
    ['lovelase', 'Ada Lovelace'],
    ['lovlace', 'Ada Lovelace'],
    ['lovelacee', 'Ada Lovelace'],
    ['ada lovelase', 'Ada Lovelace'],
    ['adda lovelase', 'Ada Lovelace'],
    ['king', 'Ada King Lovelace'],
    ['kinng', 'Ada King Lovelace'],
    ['king lovelase', 'Ada King Lovelace'],
    ['smyth', 'John Smith'],
    ['jonh', 'John Smith'],
    ['micheal', 'Michael Brown'],
    ['willaims', 'Robin Williams'],
    ['nigthowl', 'nightowl_4821'],
    ['nightowll', 'nightowl4821'],
    ['katherine', 'Catherine Jones'],
  ])('for %s finds %s', async (q, username) => {
    await addNames('Grace Hopper', username, 'Edsger Dijkstra');
    expect(await names(q)).toEqual([username]);
  });

  it('finds nothing similar to fewer than three characters', async () => {
    await addNames('Bo Li', 'Ob Il');
    expect(await names('ob')).toEqual(['Ob Il']);
    expect(await names('il')).toEqual(['Ob Il']);
    expect(await names('lo')).toEqual([]);
  });

  it('takes all that stands between words for the same', async () => {
    await addNames('ada.lovelace', 'Ada_Lovelace', 'ada-lovelace', 'Ada  Lovelace', 'adalove', '_ada_');
    expect((await names('ada love')).sort()).toEqual(
      ['ada.lovelace', 'Ada_Lovelace', 'ada-lovelace', 'Ada  Lovelace'].sort(),
    );
    expect(await names('ada_lovelace')).toHaveLength(4);
    expect(await names('lovelace')).toHaveLength(4);
  });

  it('finds names without a word by themselves', async () => {
    await addNames('-_-', '...', 'ada');
    expect(await names('-_-')).toEqual(['-_-']);
    expect(await names('.')).toEqual(['...']);
  });

  it.each([
    '%',
    '_',
    '\\',
    '%a',
    '_da',
    'a_a',
    'a%',
    '\\%',
    '*',
    'a.a',
    '[a]',
    '(',
    '^a',
    'a\0',
    '\0',
    "'",
    '--',
  ])('has no wildcard: %j', async (q) => {
    await addNames('ada', 'Aha', 'abc');
    expect(await names(q)).toEqual([]);
  });

  it('finds the characters that are wildcards elsewhere', async () => {
    await add({ username: 'Percent', email: '100%@example.com' });
    await add({ username: 'Underscore', email: 'a_b@example.com' });
    await add({ username: 'Letter', email: 'axb@example.com' });
    await add({ username: 'Dollar', email: '100$@example.com' });
    expect(await names('100%')).toEqual(['Percent']);
    expect(await names('a_b')).toEqual(['Underscore']);
    expect(await names('a_')).toEqual(['Underscore']);
  });

  it('knows upper and lower case of every script, and both ways to write an accent', async () => {
    await addNames('Élodie Brûlé', 'АЛЕКСАНДР Пушкин', 'Łukasz Żak', 'ΟΔΥΣΣΕΥΣ', '山田 太郎', 'İpek Şahin');
    expect(await names('élo')).toEqual(['Élodie Brûlé']);
    expect(await names('E\u0301LODIE')).toEqual(['Élodie Brûlé']);
    expect(await names('BRÛ')).toEqual(['Élodie Brûlé']);
    expect(await names('александр')).toEqual(['АЛЕКСАНДР Пушкин']);
    expect(await names('пушкен')).toEqual(['АЛЕКСАНДР Пушкин']);
    expect(await names('żAK')).toEqual(['Łukasz Żak']);
    expect(await names('οδυσσευσ')).toEqual(['ΟΔΥΣΣΕΥΣ']);
    expect(await names('太')).toEqual(['山田 太郎']);
    expect(await names('İPEK')).toEqual(['İpek Şahin']);
  });

  it('is trimmed', async () => {
    await addNames('Ada');
    expect(await names('  ada ')).toEqual(['Ada']);
  });

  it.each([
    "'; DROP TABLE users; --",
    "' OR '1'='1",
    "ada') UNION SELECT password_hash FROM users --",
    '$1',
    '{ada,%}',
    '"ada"',
    '\\x00',
    '\u{10FFFF}',
    'a'.repeat(254),
    'é'.repeat(254),
    `${'ab '.repeat(84)}a`,
    '\ud800',
  ])('takes everything for text: %j', async (q) => {
    await addNames('Ada');
    expect(await names(q)).toEqual([]);
    expect(await names('ada')).toEqual(['Ada']);
  });

  it('follows a user who is renamed, disabled, proven or deleted', async () => {
    const id = await add({ username: 'Ada Lovelace', pending: true });
    const update = (data: object) => database.run((client) => client.user.update({ where: { id }, data }));
    expect(await names('lovelace', { status: 'pending' })).toEqual(['Ada Lovelace']);
    await update({ emailVerifiedAt: new Date(clock.now()) });
    expect(await names('lovelace', { status: 'active' })).toEqual(['Ada Lovelace']);
    await update({ disabledAt: new Date(clock.now()), role: 'ADMIN' });
    expect(await names('lovelase', { status: 'disabled', role: 'ADMIN' })).toEqual(['Ada Lovelace']);
    await update({ username: 'Augusta King', disabledAt: null });
    for (const q of ['ada', 'lovelace', 'lovelase']) expect(await names(q)).toEqual([]);
    expect(await names('kingg', { status: 'active', role: 'ADMIN' })).toEqual(['Augusta King']);
    await database.run((client) => client.user.delete({ where: { id } }));
    expect(await names('king')).toEqual([]);
  });
});

describe('the pages of a search', () => {
  /** Found by e-mail, by name, by a later word, and by similarity, three of each and three of one name. */
  const USERS: readonly NewUser[] = [
    ...['lovelace@a.test', 'lovelace1@a.test', 'lovelace2@a.test'].map((email) => ({
      email,
      username: 'Zed',
    })),
    ...['Lovelace', 'Lovelace', 'Lovelace', 'Lovelace B', 'Lovelaces'].map((username) => ({ username })),
    ...['Ada Lovelace', 'Ada Lovelace', 'Ada Lovelace', 'Bo Lovelaceson', 'Cy Di Lovelace'].map(
      (username) => ({ username }),
    ),
    ...['Ada Lovelase', 'Ada Lovelase', 'Lovelase', 'Lovlace Ed', 'Ed Loveland', 'Lovelase Lovlace'].map(
      (username) => ({ username }),
    ),
  ];

  it.each([1, 2, 3, 7, 19, 100])('lose and repeat nobody, %i at a time', async (limit) => {
    for (const user of USERS) await add(user);
    const whole = (await directory.list({ limit: 100, q: 'lovelace' })).users.map(({ id }) => id);
    expect(whole).toHaveLength(USERS.length);
    expect(await walk({ q: 'lovelace' }, limit)).toEqual(whole);
  });

  it('lose and repeat nobody of those who stay, while others come, go and change their names', async () => {
    for (const user of USERS) await add(user);
    const whole = (await directory.list({ limit: 100, q: 'lovelace' })).users.map(({ id }) => id);
    const comers = ['Aa Lovelace', 'Lovelaca', 'Lovelac', 'Lovelacd', 'Lovelacf', 'Lovelacg', 'Lovelacee'];
    const passing = new Set<string>();
    const seen = await walk({ q: 'lovelace' }, 2, async (page, read) => {
      if (page > 9) return; // they come in ahead of the reader too, who would never end
      for (const username of comers)
        passing.add(await add({ username: `${username} ${'x'.repeat(page + 1)}` }));
      for (const email of [`lovelace0${page}@a.test`, `lovelacez${page}@a.test`])
        passing.add(await add({ email }));
      const [renamed = '', leaver = ''] = read.slice(-2);
      await database.run((client) => client.user.delete({ where: { id: leaver } }));
      await database.run((client) =>
        client.user.update({ where: { id: renamed }, data: { username: 'Somebody Else' } }),
      );
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => !passing.has(id))).toEqual(whole);
  });

  it('go on where a user was whose name, e-mail and self are gone', async () => {
    for (const user of USERS) await add(user);
    const whole = (await directory.list({ limit: 100, q: 'lovelace' })).users.map(({ id }) => id);
    const seen = await walk({ q: 'lovelace' }, 1, async (page) => {
      await database.run((client) => client.user.delete({ where: { id: whole[page] ?? '' } }));
    });
    expect(seen).toEqual(whole);
  });
});

describe('a forged cursor', () => {
  const q = 'lovelace';

  it.each([
    ['a quote in its key', { key: "'; DROP TABLE users; --" }],
    ['a key from before the search', { key: '' }],
    ['a key from after it', { key: 'zzz' }],
    ['a first id', { id: '00000000-0000-0000-0000-000000000000' }],
    ['other phrases', { tier: 'similar', phrases: ['ada', "x' OR 1=1 --", '%', ''] }],
    ['a phrase that is everybody', { tier: 'similar', phrases: [''] }],
  ] as const)('with %s finds nobody the search would not', async (_, forged) => {
    await addNames('Ada Lovelace', 'Lovelace', 'Grace Hopper');
    for (const tier of ['email', 'name', 'word', 'similar'] as const) {
      const cursor = encodeCursor({ ...startOf(tier, ['lovelase']), tier, ...forged }, { q });
      const { users } = await directory.list({ limit: 10, q, after: decodeCursor(cursor, { q }) });
      expect(users.map(({ username }) => username)).not.toContain('Grace Hopper');
    }
    expect(await names('lovelace')).toHaveLength(2);
  });
});
