import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Outcome = 'kept' | 'returned' | 'refused';
interface Use {
  readonly sent: number;
  readonly received: number;
  readonly outcome: Outcome;
  readonly foundFull?: boolean;
}

const rate = { capacity: 3, refillPerSecond: 2 };

/** Sent at this millisecond, answered ten later. */
const use = (sent: number, outcome: Outcome): Use => ({ sent, received: sent + 10, outcome });
const times = (count: number, one: Use) => Array.from({ length: count }, () => one);

describe('what a bucket may admit, and must', () => {
  /** Three at once, and one at each half second: exactly what comes in. */
  const exact = [
    ...times(3, use(0, 'kept')),
    use(100, 'refused'),
    use(505, 'kept'),
    use(900, 'refused'),
    use(1_005, 'kept'),
    use(1_100, 'refused'),
  ];

  it('is capacity and what has come in, by the shortest and by the longest time that can have passed', () => {
    expect(bounds('boundsOf', rate, exact)).toMatchObject({ admitted: 5, refused: 3, least: 5, most: 5 });
    // The decisions of slow answers may lie far apart or close together.
    const slow = exact.map((one) => ({ ...one, received: one.sent + 700 }));
    expect(bounds('boundsOf', rate, slow)).toMatchObject({ least: 3, most: 6 });
  });

  it('counts from the last time that the bucket was found full', () => {
    const first = { ...use(-10_000, 'kept'), foundFull: true };
    const full = { ...use(-20, 'kept'), foundFull: true };
    const later = [first, full, ...exact.slice(1)];
    expect(bounds('boundsOf', rate, later)).toMatchObject({ admitted: 6, least: 6, most: 6 });
  });

  it('has no least where nothing was refused', () => {
    expect(bounds('boundsOf', rate, times(2, use(0, 'kept')))).toMatchObject({ least: 0, most: 3 });
  });

  it('finds nothing wrong with a bucket that keeps to it', () => {
    expect(bounds('breachesOf', rate, exact)).toEqual([]);
    expect(bounds('breachesOf', rate, [...exact].reverse())).toEqual([]);
  });

  it('finds one request too many, wherever it stands', () => {
    for (const extra of [use(0, 'kept'), use(200, 'kept'), use(1_100, 'kept')]) {
      expect(bounds('breachesOf', rate, [...exact, extra])).toEqual([expect.stringContaining('admitted in')]);
    }
    // After a pause the bucket is full, not fuller: over the whole time there were 7 to give.
    const afterPause = [use(0, 'kept'), ...times(4, use(2_500, 'kept'))];
    expect(bounds('breachesOf', rate, afterPause)).toEqual(['4 admitted in 0.010 s, allowed 3']);
  });

  it('finds one request too few', () => {
    const needless = [...exact, use(1_600, 'refused')];
    expect(bounds('breachesOf', rate, needless)).toEqual(['1 of 4 refused while tokens were left']);
    expect(bounds('breachesOf', rate, [use(0, 'kept'), use(20, 'refused')])).toHaveLength(1);
    expect(bounds('breachesOf', rate, [use(20, 'refused')])).toHaveLength(1);
  });

  it('counts a token that was given back as out while it was', () => {
    const returning = times(3, { sent: 0, received: 500, outcome: 'returned' });
    expect(bounds('breachesOf', rate, [...returning, use(100, 'refused')])).toEqual([]);
    expect(bounds('breachesOf', rate, [...returning, use(600, 'refused')])).toHaveLength(1);
    expect(bounds('breachesOf', rate, times(9, use(0, 'returned')))).toEqual([]);
  });
});

describe('what an answer tells of the buckets', () => {
  const login = { route: 'POST /api/v1/auth/login' };
  const decided = (answer: object) =>
    Object.fromEntries(
      (run('decisions', 'decisionsOf', [answer]) as { policy: string; outcome: Outcome }[]).map(
        ({ policy, outcome }) => [policy, outcome],
      ),
    );

  it('is who let it in, and whose token it kept', () => {
    const rateLimit = '"global";r=9;t=1, "login";r=0;t=1, "login-account";r=9;t=1';
    const through = { global: 'kept', login: 'kept' };
    const returned = { ...through, 'login-account': 'returned' };
    expect(decided({ ...login, status: 200, rateLimit })).toEqual({
      ...returned,
      'login-account-all': 'returned',
    });
    expect(decided({ ...login, status: 200, rateLimit, exempt: true })).toEqual({
      ...returned,
      'login-account-all': 'refused',
    });
    expect(decided({ ...login, status: 401, code: 'invalid_credentials', rateLimit })).toEqual({
      ...through,
      'login-account': 'kept',
      'login-account-all': 'kept',
    });
    // Not well-formed, so charged to the global limit alone; and no call of the API at all.
    expect(decided({ ...login, status: 400, rateLimit: '"global";r=9;t=1' })).toEqual({ global: 'kept' });
    expect(decided({ route: 'GET /nowhere', status: 404 })).toEqual({ global: 'kept' });
    expect(decided({ route: 'GET /health/live', status: 200 })).toEqual({});
  });

  it('is who refused it', () => {
    const refused = { ...login, status: 429, code: 'rate_limited' };
    expect(decided({ ...refused, rateLimit: '"global";r=0;t=1', retryAfter: 1 })).toEqual({
      global: 'refused',
    });
    expect(decided({ ...refused, rateLimit: '"global";r=0;t=1, "login";r=9;t=0', retryAfter: 1 })).toEqual({
      global: 'refused',
    });
    // One of the two of the route refused; the global limit gave its token regardless.
    const byLogin = '"global";r=7;t=1, "login";r=0;t=1, "login-account";r=9;t=0';
    expect(decided({ ...refused, rateLimit: byLogin, retryAfter: 1 })).toEqual({
      global: 'kept',
      login: 'refused',
    });
    // Both shown gave, the login limit its last; the wait is that of the budget which is never shown.
    const byHidden = '"global";r=8;t=1, "login";r=0;t=1, "login-account";r=9;t=50';
    expect(decided({ ...refused, rateLimit: byHidden, retryAfter: 1_700 })).toEqual({
      global: 'kept',
      login: 'kept',
      'login-account': 'returned',
      'login-account-all': 'refused',
    });
  });
});

function bounds(name: string, ...args: unknown[]): unknown {
  return run('bounds', name, args);
}

/** Calls a function of a module that Jest does not load. */
function run(module: string, name: string, args: readonly unknown[]): unknown {
  const href = pathToFileURL(join(__dirname, '..', '..', 'artillery-tests', `${module}.mjs`)).href;
  const script = `import { ${name} } from '${href}'; console.log(JSON.stringify(${name}(...${JSON.stringify(args)})));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
  );
}
