import { countOutcomes } from '../testing/answers';
import { ApiClient, signUp } from '../testing/api-client';
import { atOnce, roundsOver } from '../testing/at-once';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const UNLIMITED = '1000000/1000000';

describe.each(stateKinds)('a code presented 64 times at once over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({
      state,
      env: { RATE_LIMIT_OTP_VERIFY: UNLIMITED, RATE_LIMIT_GLOBAL: UNLIMITED },
    });
  });
  afterAll(() => test.close());

  const rounds = roundsOver(state, 100);
  it(`is accepted once, in each of ${rounds} rounds`, async () => {
    const { email } = await signUp(test);
    const account = await test.services.accounts.findByEmail(email);
    if (account === undefined) throw new Error('signed up, and not there');
    const { id: userId, credentialVersion } = account;
    const purpose = 'reset_password';
    const codes = test.services.oneTimeCodes;
    for (let round = 0; round < rounds; round++) {
      // As the mail does it, without the mail.
      const expiresAt = test.clock.now() + 600_000;
      const drawn = await codes.draw({ account: userId, email, purpose, credentialVersion, expiresAt });
      await codes.activate(userId, purpose, drawn.id);
      const client = new ApiClient(test.app);
      const otp = round % 2 === 0 ? drawn.code : drawn.token;
      const answers = await atOnce(64, () => client.post('/otp/verify', { email, purpose, otp }));
      expect(countOutcomes(answers)).toEqual({ 200: 1, '400 invalid_otp': 63 });
    }
  }, 120_000);
});
