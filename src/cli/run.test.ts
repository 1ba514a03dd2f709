import { CannotStart } from '../cannot-start';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { type CliCall, runCli } from './run';

const neverOpened: CliCall['open'] = async () => {
  throw new Error('the service was opened');
};

async function run(args: readonly string[], more: Partial<CliCall> = {}) {
  let [out, err] = ['', ''];
  const code = await runCli({
    args,
    open: neverOpened,
    print: (text) => {
      out += text;
    },
    printError: (text) => {
      err += text;
    },
    ...more,
  });
  return { code, out, err };
}

it.each([
  [[], 'a command is needed'],
  [['destroy'], 'there is no such command'],
  [['--json'], 'the command comes first'],
  [['--json', 'promote', 'ada@example.com'], 'the command comes first'],
  [['--verbose', 'promote'], 'the command comes first'],
  [['allowlist'], 'allowlist takes one of: show, add, remove, clear'],
  [['allowlist', 'empty'], 'allowlist takes one of: show, add, remove, clear'],
  [['promote'], '<account> is needed'],
  [['promote', 'ada'], '<account> must be an e-mail address or an id'],
  [['promote', '%@example.com '], '<account> must be an e-mail address or an id'],
  [['promote', 'ada@example.com', 'eve@example.com'], 'there is an argument too many'],
  [['promote', 'ada@example.com', '--force'], "Unknown option '--force'"],
  [['promote', 'ada@example.com', '--\u001b[2J'], 'Unknown option'],
  [['create', '--username', 'Ada'], '--email is needed'],
  [['create', '--email', 'ada@example.com', '--role', 'ROOT'], '--role must be USER or ADMIN'],
  [
    ['create', '--email', 'ada@example.com', '--username', '\u001b[31m'],
    '--username must have 3 to 32 letters',
  ],
  [['create', '--email'], "'--email <value>' argument missing"],
  [['disable', 'ada@example.com', '--until', 'tomorrow'], '--until '],
  [['list', '--limit', '0'], '--limit must be 1 to 10000'],
  [['list', '--limit', '1e9'], '--limit must be 1 to 10000'],
  [['list', '--all', '--admins'], '--admins or --all, not both'],
  [['revoke-all'], 'name an account, or all of them by --everybody'],
  [
    ['revoke-all', 'ada@example.com', '--everybody', '--yes'],
    'name an account, or all of them by --everybody',
  ],
  [['revoke-all', '--everybody'], 'logs everybody out: say so by --yes'],
  [['allowlist', 'add', '10.0.0.0/33'], '<cidr> must be an IPv4 or IPv6 address or CIDR'],
  [['allowlist', 'add', '10.0.0.0/8', '--ttl', '1h'], '--ttl must be a whole number of seconds'],
  [['allowlist', 'add', '10.0.0.0/8', '--ttl', '0'], '--ttl '],
  [['allowlist', 'remove', '*'], '<id> '],
  [['keys', 'new', '--alg', 'none'], '--alg must be one of HS256, ES256, RS256'],
  [['keys', 'new', '--data-dir', '/tmp'], '--data-dir is for development'],
])('does not understand %j: code 2, why, and the usage', async (args, why) => {
  const { code, out, err } = await run(args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(why);
  expect(err).toContain('usage: npm run admin -- ');
  expect(err.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
});

it('takes no password, and repeats none that it is given', async () => {
  const { code, out, err } = await run([
    'create',
    '--email',
    'ada@example.com',
    '--password=violet-lantern-47',
  ]);
  expect(code).toBe(2);
  expect(out + err).not.toContain('violet-lantern-47');
});

it.each([[['--help']], [['create', '--help']], [['keys', 'new', '--help', '--json']]])(
  'helps over %j, and opens nothing',
  async (args) => {
    const { code, out, err } = await run(args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('usage: npm run admin -- ');
  },
);

it.each([
  [
    'what cannot start',
    new CannotStart('Two lines:\n  - of words'),
    'cannot_start',
    'Two lines:\n  - of words\n',
  ],
  [
    'a database that is away',
    new DependencyUnavailable('postgresql', new Error('hunter2')),
    'dependency_unavailable',
    'PostgreSQL does not answer',
  ],
  [
    'a Redis that is away',
    new DependencyUnavailable('redis', new Error('hunter2')),
    'dependency_unavailable',
    'Redis does not answer',
  ],
])('tells of %s in plain words: code 1', async (_, error, errorCode, words) => {
  const open = () => Promise.reject(error);
  const told = await run(['allowlist', 'clear'], { open });
  expect([told.code, told.out]).toEqual([1, '']);
  expect(told.err).toContain(words);
  expect(told.err).not.toMatch(/ {4}at |hunter2/);
  const read = await run(['allowlist', 'clear', '--json'], { open });
  expect([read.code, read.err]).toEqual([1, '']);
  expect(JSON.parse(read.out).error).toEqual({ code: errorCode, message: expect.any(String) });
});

it('says all of a fault of its own, without credentials', async () => {
  const open = () => Promise.reject(new Error('at postgresql://user:hunter2@host\u009b31m'));
  const { code, out, err } = await run(['allowlist', 'clear'], { open });
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('run.test');
  expect(err).toContain('fault of the program');
  expect(err).not.toMatch(/hunter2|\u009b/);
});
