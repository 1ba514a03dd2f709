import { uuidv7 } from 'uuidv7';
import { outcomeOf } from '../../testing/answers';
import { ApiClient, signUpAdmin } from '../../testing/api-client';
import { cliEvents, runCliForJson, runCliOn } from '../../testing/cli-run';
import { createTestApp, type TestApp } from '../../testing/test-app';

let test: TestApp;
/** A second instance over the same database, as the command line is beside a running service. */
let running: TestApp;
let token: string;
beforeAll(async () => {
  test = await createTestApp();
  token = (await signUpAdmin(test)).accessToken;
  running = await createTestApp({ databaseUrl: test.databaseUrl });
});
afterEach(() => runCliOn(test, 'allowlist', 'clear'));
afterAll(async () => {
  await running.close();
  await test.close();
});

const surface = async () =>
  outcomeOf(await new ApiClient(running.app).call('get', '/admin/allowlist', undefined, token));
/** Two seconds later, as every instance sees it. */
const surfaceLater = () => {
  running.clock.advance(2_000);
  return surface();
};

it('shuts the surface to all but those listed, and opens it when it is shut', async () => {
  expect(await surfaceLater()).toBe('200');
  const added = await runCliForJson(test, 'allowlist', 'add', '192.0.2.7', '--note', 'the bastion');
  expect(added).toMatchObject({
    code: 0,
    data: { cidr: '192.0.2.7/32', note: 'the bastion', expiresAt: null },
  });
  expect(await surfaceLater()).toBe('403 address_not_allowed');
  const shown = await runCliForJson(test, 'allowlist', 'show');
  expect(shown.data).toEqual({ active: true, entries: [added.data] });
  expect(await runCliOn(test, 'allowlist', 'clear')).toEqual({
    code: 0,
    out: expect.stringContaining('The list is off'),
    err: '',
  });
  expect(await surfaceLater()).toBe('200');
});

it('opens a surface that nobody gets into any more, because every entry is over', async () => {
  const { out } = await runCliOn(test, 'allowlist', 'add', '198.18.0.0/15', '--ttl', '60');
  expect(out).toContain('No entry lasts');
  expect(await surfaceLater()).toBe('200');
  test.clock.advance(61_000);
  running.clock.advance(61_000);
  expect(await surface()).toBe('403 address_not_allowed');
  expect((await runCliOn(test, 'allowlist', 'show')).out).toContain('(over)');
  await runCliOn(test, 'allowlist', 'clear');
  expect(await surfaceLater()).toBe('200');
});

it('removes an entry, but never opens the surface by that', async () => {
  const one = (await runCliForJson(test, 'allowlist', 'add', '192.0.2.0/24')).data.id;
  const other = (await runCliForJson(test, 'allowlist', 'add', '2001:db8::/32')).data.id;
  expect((await runCliOn(test, 'allowlist', 'remove', one)).code).toBe(0);
  const last = await runCliForJson(test, 'allowlist', 'remove', other);
  expect([last.code, last.data.error.code]).toEqual([1, 'would_open']);
  expect(await surfaceLater()).toBe('403 address_not_allowed');
  const gone = await runCliForJson(test, 'allowlist', 'remove', one);
  expect([gone.code, gone.data.error.code]).toEqual([1, 'not_found']);
});

it('leaves one of two entries that are removed at once', async () => {
  for (let round = 0; round < 10; round++) {
    const ids: string[] = [];
    for (const cidr of ['192.0.2.0/24', '2001:db8::/32']) {
      ids.push((await runCliForJson(test, 'allowlist', 'add', cidr)).data.id);
    }
    const removed = await Promise.all(ids.map((id) => runCliOn(test, 'allowlist', 'remove', id)));
    expect(removed.map(({ code }) => code).sort()).toEqual([0, 1]);
    await runCliOn(test, 'allowlist', 'clear');
  }
});

it('does not let a client pass for the machine itself', async () => {
  await runCliOn(test, 'allowlist', 'add', '198.18.0.0/15');
  for (const address of ['local', 'Symbol(the machine itself)', 'undefined']) {
    const client = new ApiClient(test.app, address);
    test.clock.advance(2_000);
    for (const path of ['/admin/allowlist', '/admin/allowlist?open=true']) {
      const answer = await client.call(path.includes('?') ? 'delete' : 'get', path, undefined, token);
      expect(outcomeOf(answer)).toBe('403 address_not_allowed');
    }
  }
});

it('shows a note that would steer a terminal as what it is', async () => {
  const note = 'calm\u001b]0;owned\u0007\u009b31m\nInjected  line\u202e';
  expect((await runCliOn(test, 'allowlist', 'add', '192.0.2.0/24', '--note', note)).code).not.toBe(0);
  const entry = { id: uuidv7(), cidr: '192.0.2.0/24', note, createdAt: new Date(test.clock.now()) };
  await test.database.run((prisma) => prisma.allowlistEntry.create({ data: entry }));
  const { out } = await runCliOn(test, 'allowlist', 'show');
  expect(out.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  expect(out).toContain('calm\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{a}Injected  line\\u{202e}');
  expect((await runCliForJson(test, 'allowlist', 'show')).data.entries[0].note).toBe(note);
});

it('is told to the audit trail', async () => {
  const before = (await cliEvents(test)).length;
  const { data } = await runCliForJson(test, 'allowlist', 'add', '192.0.2.0/24', '--note', 'Ada’s home');
  await runCliOn(test, 'allowlist', 'remove', data.id);
  await runCliOn(test, 'allowlist', 'show');
  await runCliOn(test, 'allowlist', 'clear');
  const told = (await cliEvents(test)).slice(before);
  expect(told.map(({ type, outcome, details }) => [type, outcome, JSON.parse(details).what])).toEqual([
    ['authz_admin', 'success', 'allow-list entry added'],
    ['authz_admin', 'failure', 'allowlist remove'],
    ['sensitive_read', 'success', 'allow-list'],
    ['authz_admin', 'success', 'allow-list opened'],
  ]);
  expect(JSON.stringify(told)).not.toContain('Ada');
});
