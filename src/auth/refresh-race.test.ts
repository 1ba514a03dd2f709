import { countOutcomes, outcomeOf } from '../testing/answers';
import { ApiClient, logIn, signUp } from '../testing/api-client';
import { atOnce, roundsOver } from '../testing/at-once';
import { createTestApp, stateKinds } from '../testing/test-app';

const UNLIMITED = { RATE_LIMIT_REFRESH: '1000000/1000', RATE_LIMIT_GLOBAL: '1000000/1000' };

describe.each(stateKinds)('64 refreshes with one token at once over %s', (state) => {
  const rounds = roundsOver(state, 100);
  it(`give one successor and leave one live branch, ${rounds} times`, async () => {
    const test = await createTestApp({ state, env: UNLIMITED });
    try {
      const user = await signUp(test);
      const client = new ApiClient(test.app);
      let tokens = await logIn(test, user, client);
      for (let round = 0; round < rounds; round++) {
        const presented = tokens.refreshToken;
        const answers = await atOnce(64, () => client.post('/auth/refresh', { refreshToken: presented }));
        expect([...new Set(answers.map(outcomeOf))]).toEqual(['200']);
        const successors = new Set(answers.map(({ body }) => body.refreshToken));
        expect(successors.size).toBe(1);
        expect(successors).not.toContain(presented);
        tokens = answers[0]?.body;
      }
      expect((await client.get('/users/me/sessions', tokens.accessToken)).body.sessions).toHaveLength(1);
      expect((await client.post('/auth/refresh', { refreshToken: tokens.refreshToken })).status).toBe(200);
      await test.deliverMails();
      expect(test.mailer.to(user.email)).toHaveLength(1);
    } finally {
      await test.close();
    }
  }, 120_000);
});

describe.each(stateKinds)('64 presentations of a used refresh token at once over %s', (state) => {
  it('end the session once, and tell the owner once, 10 times', async () => {
    const test = await createTestApp({ state, env: UNLIMITED });
    try {
      for (let round = 0; round < 10; round++) {
        const user = await signUp(test);
        const client = new ApiClient(test.app);
        const { refreshToken: old } = await logIn(test, user);
        const { body: second } = await client.post('/auth/refresh', { refreshToken: old });
        const { body: third } = await client.post('/auth/refresh', { refreshToken: second.refreshToken });
        test.clock.advance(31_000);
        const presented = round % 2 === 0 ? old : second.refreshToken;
        const answers = await atOnce(64, () => client.post('/auth/refresh', { refreshToken: presented }));
        const { '401 refresh_token_reused': reused, ...others } = countOutcomes(answers);
        expect(reused).toBeGreaterThanOrEqual(1);
        expect(Object.keys(others).filter((outcome) => outcome !== '401 invalid_refresh_token')).toEqual([]);
        expect(outcomeOf(await client.get('/users/me', third.accessToken))).toBe('401 invalid_token');
        await test.deliverMails();
        expect(test.mailer.to(user.email).filter(({ text }) => text.includes('outdated key'))).toHaveLength(
          1,
        );
      }
    } finally {
      await test.close();
    }
  }, 60_000);
});
