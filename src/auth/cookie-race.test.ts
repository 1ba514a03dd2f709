import { outcomeOf } from '../testing/answers';
import { ApiClient, signUp } from '../testing/api-client';
import { atOnce, roundsOver } from '../testing/at-once';
import { BrowserClient } from '../testing/browser-client';
import { createTestApp, stateKinds } from '../testing/test-app';

const UNLIMITED = { RATE_LIMIT_REFRESH: '1000000/1000', RATE_LIMIT_GLOBAL: '1000000/1000' };

describe.each(stateKinds)('64 tabs with one cookie over %s', (state) => {
  const rounds = roundsOver(state, 20);
  it(`refresh at once and get one successor, ${rounds} times; a log-out in one is one in all`, async () => {
    const test = await createTestApp({ state, env: UNLIMITED });
    try {
      const { email, password } = await signUp(test);
      const tabs = Array.from({ length: 64 }, () => new BrowserClient(test.app));
      const [first] = tabs as [BrowserClient];
      await first.post('/auth/login', { email, password });
      for (let round = 0; round < rounds; round++) {
        const presented = first.cookie;
        for (const tab of tabs) tab.cookie = presented;
        const answers = await Promise.all(tabs.map((tab) => tab.post('/auth/refresh')));
        expect([...new Set(answers.map(outcomeOf))]).toEqual(['200']);
        const successors = new Set(tabs.map(({ cookie }) => cookie));
        expect([successors.size, successors.has(presented), successors.has(undefined)]).toEqual([
          1,
          false,
          false,
        ]);
      }
      const { body } = await first.post('/auth/refresh');
      const outcomes = await atOnce(64, async (index) => {
        const tab = tabs[index] as BrowserClient;
        tab.cookie = first.cookie;
        return outcomeOf(await (index === 32 ? tab.post('/auth/logout') : tab.post('/auth/refresh')));
      });
      expect(outcomes[32]).toBe('204');
      expect(outcomes.filter((outcome) => !/^(20[04]|401 invalid_refresh_token)$/.test(outcome))).toEqual([]);
      expect(outcomeOf(await new ApiClient(test.app).get('/users/me', body.accessToken))).toBe(
        '401 invalid_token',
      );
      for (const tab of tabs.filter(({ cookie }) => cookie !== undefined)) {
        expect(outcomeOf(await tab.post('/auth/refresh'))).toBe('401 invalid_refresh_token');
        expect(tab.cookie).toBeUndefined();
      }
      // No notice of a theft.
      await test.deliverMails();
      expect(test.mailer.to(email)).toHaveLength(1);
    } finally {
      await test.close();
    }
  }, 120_000);
});
