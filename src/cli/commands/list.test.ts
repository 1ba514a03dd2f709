import { ApiClient, newUser, signUp, signUpAdmin } from '../../testing/api-client';
import { atOnce } from '../../testing/at-once';
import { cliEvents, runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp, type TestApp } from '../../testing/test-app';

let test: TestApp;
beforeAll(async () => {
  test = await createTestApp();
});
afterAll(() => test.close());

it('shows admins with their standing, and users only when asked', async () => {
  const [admin, other, user] = [await signUpAdmin(test), await signUpAdmin(test), await signUp(test)];
  const pending = newUser();
  await new ApiClient(test.app).post('/auth/register', pending);
  const until = new Date(test.clock.now() + 3_600_000).toISOString();
  await runCliOn(test, 'disable', other.email, '--until', until, '--reason', 'on leave');

  const { data } = await runCliForJson(test, 'list');
  expect(data.more).toBe(false);
  expect(data.users).toEqual([
    expect.objectContaining({
      id: other.id,
      status: 'disabled',
      disabledUntil: until,
      disabledReason: 'on leave',
    }),
    expect.objectContaining({
      id: admin.id,
      email: admin.email,
      role: 'ADMIN',
      status: 'active',
      lastLoginAt: expect.stringMatching(/^\d{4}-/),
    }),
  ]);
  expect((await runCliForJson(test, 'list', '--admins')).data).toEqual(data);
  const all = (await runCliForJson(test, 'list', '--all')).data.users;
  expect(all.map(({ email, status }: { email: string; status: string }) => [email, status])).toEqual([
    [pending.email, 'pending'],
    [user.email, 'active'],
    [other.email, 'disabled'],
    [admin.email, 'active'],
  ]);

  const { out } = await runCliOn(test, 'list', '--all');
  const [head, ...rows] = out.trimEnd().split('\n');
  expect(head).toMatch(/^E-MAIL +ID +ROLE +STATUS +LAST LOGIN +NAME$/);
  expect(rows).toHaveLength(4);
  expect(rows[0]).toMatch(/ pending +never +Ada Lovelace$/);
  expect(rows[2]).toContain(`disabled until ${until}`);
}, 30_000);

it('pages through as many as are asked for, each once, and says whether there are more', async () => {
  const { list } = test.backends.userDirectory;
  const inThrees = jest
    .spyOn(test.services.userDirectory, 'list')
    .mockImplementation((query) =>
      list.call(test.backends.userDirectory, { ...query, limit: Math.min(3, query.limit) }),
    );
  await atOnce(8, () => signUp(test));
  const all = (await runCliForJson(test, 'list', '--all')).data.users.map(({ id }: { id: string }) => id);
  expect(new Set(all).size).toBe(12);
  for (const limit of [1, 3, 7, 11, 12, 13]) {
    const { data } = await runCliForJson(test, 'list', '--all', '--limit', String(limit));
    expect(data.users.map(({ id }: { id: string }) => id)).toEqual(all.slice(0, limit));
    expect(data.more).toBe(limit < 12);
  }
  expect((await runCliOn(test, 'list', '--all', '--limit', '2')).out).toContain('There are more');
  inThrees.mockRestore();
}, 30_000);

it('is told to the audit trail, which learns how many and not whom', async () => {
  await runCliOn(test, 'list');
  expect((await cliEvents(test)).at(-1)).toMatchObject({
    type: 'sensitive_read',
    subjectId: null,
    details: JSON.stringify({ what: 'admins', users: 2 }),
  });
});
