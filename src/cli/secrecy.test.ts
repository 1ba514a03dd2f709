import { ApiClient, logIn, newUser, signUp, signUpAdmin } from '../testing/api-client';
import { runCliForJson, runCliOn } from '../testing/cli-run';
import { createTestApp } from '../testing/test-app';
import { COMMANDS } from './commands/all';

it('shows no secret of the service’s or a user’s by any command, done or refused', async () => {
  const test = await createTestApp();
  const admin = await signUpAdmin(test);
  const user = await signUp(test);
  const { accessToken, refreshToken } = await logIn(test, user);
  const pending = newUser();
  await new ApiClient(test.app).post('/auth/register', pending);

  const calls: readonly (readonly string[])[] = [
    ['create', '--email', newUser().email],
    ['create', '--email', user.email],
    ['promote', user.email],
    ['promote', pending.email],
    ['demote', user.email],
    ['demote', admin.email],
    ['disable', user.email, '--reason', 'why'],
    ['enable', user.email],
    ['reset-link', user.email],
    ['revoke-all', user.email],
    ['revoke-all', '--everybody', '--yes'],
    ['allowlist', 'add', '192.0.2.0/24'],
    ['allowlist', 'show'],
    ['allowlist', 'remove', admin.id],
    ['allowlist', 'clear'],
    ['keys', 'show'],
    ['keys', 'new'],
    ['list'],
    ['list', '--all'],
  ];
  for (const { name } of COMMANDS) {
    expect(calls.map((call) => call.join(' ')).filter((call) => call.startsWith(name))).not.toEqual([]);
  }

  let printed = '';
  for (const call of calls) {
    for (const more of [[], ['--json']]) {
      const { out, err } = await runCliOn(test, ...call, ...more);
      printed += out + err;
      if (more.length > 0 && out !== '') JSON.parse(out);
    }
  }
  expect(printed.length).toBeGreaterThan(3_000);
  const { config } = test;
  const rows = await test.database.run((db) => db.user.findMany());
  const sessions = await test.database.run((db) => db.session.findMany());
  const bytes = [...rows.map(({ auditKey }) => auditKey), ...sessions.map((session) => session.secret)];
  const secrets = [
    ...config.secretKeys,
    ...config.passwordPeppers,
    ...('secrets' in config.signing ? config.signing.secrets : []),
    new URL(config.databaseUrl).password,
    ...rows.flatMap(({ passwordHash }) => passwordHash ?? []),
    ...bytes.flatMap((each) => [Buffer.from(each).toString('hex'), Buffer.from(each).toString('base64')]),
    admin.password,
    user.password,
    accessToken,
    refreshToken,
  ].filter((value) => value !== '');
  expect(secrets.length).toBeGreaterThan(15);
  for (const value of secrets) expect(printed.includes(value)).toBe(false);
  await test.close();
}, 60_000);

it('shows no name that a row should never have held as anything but itself', async () => {
  const test = await createTestApp();
  const user = await signUpAdmin(test);
  const name = '\u001b[2Jroot\u009b1m\u202e';
  await test.database.run((db) => db.user.update({ where: { id: user.id }, data: { username: name } }));
  for (const call of [['list'], ['reset-link', user.id], ['promote', user.id]]) {
    const { out, err } = await runCliOn(test, ...call);
    expect((out + err).replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    const json = await runCliOn(test, ...call, '--json');
    expect(json.out.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  }
  const { data } = await runCliForJson(test, 'promote', user.id);
  expect(data.account.username).toBe(name);
  await test.close();
}, 30_000);
