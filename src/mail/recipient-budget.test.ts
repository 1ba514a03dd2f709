import { atOnce } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';
import { RecipientBudget } from './recipient-budget';

describe.each(stateKinds)('the mails of a recipient, counted by %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state });
  });
  afterAll(() => test.close());

  it('are half for codes, also where 64 mails without one are due at once, in each of 10 rounds', async () => {
    const budget = new RecipientBudget(test.services.limiter);
    for (let round = 0; round < 10; round += 1) {
      const email = `owner-${round}@example.com`;
      const notices = await atOnce(64, () => budget.take(email, 'ALREADY_REGISTERED'));
      const sent = notices.filter((giveBack) => giveBack !== undefined);
      expect(sent.length).toBeLessThanOrEqual(3);
      const codes = await atOnce(64, () => budget.take(email, 'RESET_CODE'));
      expect(codes.filter((giveBack) => giveBack !== undefined)).toHaveLength(5 - sent.length);
      expect(await budget.take(email, 'ALREADY_REGISTERED')).toBeUndefined();
    }
  });

  it('come back where a mail came to nothing', async () => {
    const budget = new RecipientBudget(test.services.limiter);
    for (let n = 0; n < 10; n += 1) {
      const giveBack = await budget.take('unlucky@example.com', 'ALREADY_REGISTERED');
      expect(giveBack).toBeDefined();
      await giveBack?.();
    }
  });
});
