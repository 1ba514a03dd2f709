import { outcomeOf } from '../testing/answers';
import { ApiClient, beginSession, signUp, signUpAdmin } from '../testing/api-client';
import { createTestApp } from '../testing/test-app';
import { testRedisUrl, uniqueRedisPrefix } from '../testing/test-redis';

const ROUNDS = 100;

// Without a Redis the global setup has said so: two instances cannot share what a process holds.
if (testRedisUrl() !== undefined) {
  it(`shows a change of role, a disabling and a logout to the next request on another instance, ${ROUNDS} times`, async () => {
    const shared = { state: 'Redis', redisPrefix: uniqueRedisPrefix() } as const;
    const env = { RATE_LIMIT_GLOBAL: '1000000/1000' };
    const here = await createTestApp({ ...shared, env });
    const there = await createTestApp({ ...shared, env, databaseUrl: here.databaseUrl });
    try {
      const admin = await signUpAdmin(here);
      const user = await signUp(here);
      const on = (test: typeof here) => new ApiClient(test.app);
      const list = async (token: string) => outcomeOf(await on(there).get('/admin/users', token));
      const me = async (token: string) => outcomeOf(await on(there).get('/users/me', token));
      const { accessToken: first } = await beginSession(there, user);
      const { id } = (await on(there).get('/users/me', first)).body;
      const change = async (body: object) =>
        outcomeOf(await on(here).call('patch', `/admin/users/${id}`, body, admin.accessToken));
      for (let round = 0; round < ROUNDS; round += 1) {
        const { accessToken } = await beginSession(there, user);
        expect(await list(accessToken)).toBe('403 forbidden');
        expect(await change({ role: 'ADMIN' })).toBe('200');
        expect(await list(accessToken)).toBe('200');
        expect(await change({ role: 'USER' })).toBe('200');
        expect(await list(accessToken)).toBe('403 forbidden');
        expect(outcomeOf(await on(here).post('/auth/logout', undefined, accessToken))).toBe('204');
        expect(await me(accessToken)).toBe('401 invalid_token');
        const { accessToken: again } = await beginSession(there, user);
        expect(await change({ disabled: true })).toBe('200');
        expect(await me(again)).toBe('401 invalid_token');
        expect(await change({ disabled: false })).toBe('200');
      }
    } finally {
      await there.close();
      await here.close();
    }
  }, 120_000);
}
