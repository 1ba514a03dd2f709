import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, newUser } from '../testing/api-client';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

describe.each(stateKinds)('buckets over %s', (state) => {
  const opened: TestApp[] = [];
  const open = async (env: NodeJS.ProcessEnv = {}) => {
    const test = await createTestApp({ state, env });
    opened.push(test);
    return test;
  };
  afterEach(async () => {
    for (const test of opened.splice(0)) await test.close();
  });

  const wrong = () => ({ email: newUser().email, password: 'not this one' });

  /** Which logins from these addresses, one after the other, are let through. */
  async function admitted(test: TestApp, from: readonly (string | undefined)[]): Promise<boolean[]> {
    const outcomes = [];
    for (const address of from) {
      const call = request(test.app).post('/api/v1/auth/login').send(wrong());
      outcomes.push(outcomeOf(await (address === undefined ? call : call.set('X-Forwarded-For', address))));
    }
    return outcomes.map((outcome) => outcome === '401 invalid_credentials');
  }

  describe('go by the address', () => {
    const ONE = { RATE_LIMIT_LOGIN: '1/0.001' };

    it('that the proxy saw, whatever the client wrote before it', async () => {
      const test = await open({ ...ONE, TRUST_PROXY: '1' });
      const spoofed = ['203.0.113.1', '10.0.0.1, 203.0.113.1', 'x, ::1, 203.0.113.1', '203.0.113.2'];
      expect(await admitted(test, spoofed)).toEqual([true, false, false, true]);
    });

    it('of the peer alone where no proxy is trusted', async () => {
      const test = await open({ ...ONE, TRUST_PROXY: 'false' });
      const claimed = [undefined, '203.0.113.1', '203.0.113.2'];
      expect(await admitted(test, claimed)).toEqual([true, false, false]);
    });

    it('in any spelling, and of IPv6 by the /64', async () => {
      const test = await open(ONE);
      const spellings = [
        ['203.0.113.1', true],
        ['::ffff:203.0.113.1', false],
        ['::FFFF:cb00:7101', false],
        ['2001:db8:1:2::1', true],
        ['2001:DB8:1:2:ffff::9', false],
        ['2001:db8:1:3::1', true],
        ['nonsense', true],
        ['unknown', false],
        ['203.0.113.1:8080', false],
      ] as const;
      const outcomes = await admitted(
        test,
        spellings.map(([from]) => from),
      );
      expect(outcomes).toEqual(spellings.map(([, admits]) => admits));
    });
  });

  it('know an account by one spelling of its e-mail, and nothing else that is sent', async () => {
    const test = await open({ RATE_LIMIT_LOGIN: '10/0.001', RATE_LIMIT_LOGIN_ACCOUNT: '2/0.001' });
    const client = new ApiClient(test.app);
    const { email } = newUser();
    const bodies = [
      { email, password: 'one' },
      { email: email.toUpperCase(), password: 'two' },
      { email, password: 'three' },
      { email: `${email[0]?.toUpperCase()}${email.slice(1)}`, password: 'four' },
    ];
    const answers = [];
    for (const body of bodies) answers.push(await client.post('/auth/login', body));
    expect(answers.map(outcomeOf)).toEqual([
      '401 invalid_credentials',
      '401 invalid_credentials',
      '429 rate_limited',
      '429 rate_limited',
    ]);
    // Another spelling of the path, a member or a parameter too much opens no other bucket: it is refused.
    for (const [path, body, outcome] of [
      ['/auth/Login', bodies[0], '404 not_found'],
      ['/auth/login/', bodies[0], '404 not_found'],
      ['/auth/login?x=1', bodies[0], '400 validation_failed'],
      ['/auth/login', { ...bodies[0], x: 1 }, '400 validation_failed'],
    ] as const) {
      expect(outcomeOf(await client.post(path, body))).toBe(outcome);
    }
    // Neither that nor what the account's limit refused was charged to the address.
    const other = await client.post('/auth/login', wrong());
    expect(other.headers['ratelimit']).toContain('"login";r=7;');
  });
});
