import { outcomeOf } from '../testing/answers';
import { ApiClient, newUser, signUp, signUpAdmin, type TestUser } from '../testing/api-client';
import { createTestApp, type TestApp } from '../testing/test-app';

describe('looking users up', () => {
  let test: TestApp;
  let token: string;
  const people: TestUser[] = [];
  beforeAll(async () => {
    test = await createTestApp();
    token = (await signUpAdmin(test)).accessToken;
    for (const username of ['Ada Lovelace', 'Grace Hopper', 'Ada Yonath']) {
      people.push(await signUp(test, { ...newUser(), username }));
    }
  });
  afterAll(() => test.close());

  const list = (query: Record<string, string | number> = {}) => {
    const text = new URLSearchParams(query as Record<string, string>);
    return new ApiClient(test.app).get(`/admin/users?${text}`, token);
  };
  const namesOf = async (query: Record<string, string | number>) =>
    (await list(query)).body.users.map(({ username }: { username: string }) => username);

  it('lists the newest first, page by page, and no hash', async () => {
    const first = await list({ limit: 3 });
    expect(first.body.users.map(({ email }: { email: string }) => email)).toEqual(
      people.map(({ email }) => email).reverse(),
    );
    expect(first.text).not.toMatch(/hash|credential|auditKey/i);
    const last = await list({ limit: 3, cursor: first.body.nextCursor });
    expect(last.body.users).toMatchObject([{ role: 'ADMIN', status: 'active' }]);
    expect(last.body.nextCursor).toBeNull();
  });

  it('finds by e-mail, by name, and by a name that is almost right', async () => {
    const [ada] = people;
    expect((await list({ q: ada?.email.toUpperCase() ?? '' })).body.users).toMatchObject([
      { email: ada?.email },
    ]);
    expect(await namesOf({ q: 'grace' })).toEqual(['Grace Hopper']);
    expect((await namesOf({ q: 'ada y' }))[0]).toBe('Ada Yonath');
    expect(await namesOf({ q: 'lovelase' })).toContain('Ada Lovelace');
    expect(await namesOf({ q: 'nobody at all' })).toEqual([]);
    expect(await namesOf({ q: '%' })).toEqual([]);
  });

  it('filters by role and status', async () => {
    expect((await list({ role: 'ADMIN' })).body.users).toHaveLength(1);
    expect((await list({ status: 'active' })).body.users).toHaveLength(4);
    for (const status of ['disabled', 'pending']) {
      expect((await list({ status })).body.users).toEqual([]);
    }
  });

  it.each<[Record<string, string | number>, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: 101 }, 'limit'],
    [{ limit: 'x' }, 'limit'],
    [{ cursor: 'x' }, 'cursor'],
    [{ q: '' }, 'q'],
    [{ q: 'x'.repeat(255) }, 'q'],
    [{ role: 'GUEST' }, 'role'],
    [{ status: 'gone' }, 'status'],
    [{ order: 'email' }, 'order'],
  ])('refuses %j', async (query, path) => {
    const refused = await list(query);
    expect(outcomeOf(refused)).toBe('400 validation_failed');
    expect(refused.body.errors[0].path).toBe(path);
  });

  it('refuses the cursor of another search', async () => {
    const { nextCursor } = (await list({ limit: 1 })).body;
    expect(outcomeOf(await list({ limit: 1, cursor: nextCursor, role: 'USER' }))).toBe(
      '400 validation_failed',
    );
  });

  it('knows nobody that there is not', async () => {
    const show = (id: string) => new ApiClient(test.app).get(`/admin/users/${id}`, token);
    expect(outcomeOf(await show('0190b0a4-0000-7000-8000-000000000000'))).toBe('404 not_found');
    expect(outcomeOf(await show('x'))).toBe('404 not_found');
  });
});
