import { countOutcomes, outcomeOf, plainAnswer } from '../testing/answers';
import { ApiClient, newUser, signUp } from '../testing/api-client';
import { codeIn, tokenIn } from '../testing/captured-mailer';
import { createTestApp, stateKinds, type TestApp } from '../testing/test-app';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
type Purpose = 'verify_email' | 'login' | 'reset_password';

/** Six digits that are not these. */
const otherThan = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe.each(stateKinds)('one-time passwords over %s', (state) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({ state, env: { RATE_LIMIT_MAIL: '1000000/1000' } });
  });
  afterAll(() => test.close());

  const request = (email: string, purpose: Purpose) =>
    new ApiClient(test.app).post('/otp/request', { email, purpose });
  const present = (email: string, purpose: Purpose, otp: string) =>
    new ApiClient(test.app).post('/otp/verify', { email, purpose, otp });

  /** Asks for a code; what the mail carries. */
  async function mailed(email: string, purpose: Purpose) {
    const { length } = test.mailer.to(email);
    await request(email, purpose);
    await test.deliverMails();
    const mails = test.mailer.to(email);
    if (mails.length !== length + 1) throw new Error(`${mails.length - length} mails came`);
    return { code: codeIn(mails[0]), token: tokenIn(mails[0]) };
  }

  async function guessWrong(email: string, purpose: Purpose, code: string, times: number) {
    for (let guess = 0; guess < times; guess++) {
      expect(outcomeOf(await present(email, purpose, otherThan(code)))).toBe('400 invalid_otp');
    }
  }

  const standing = (email: string, data: { role?: 'ADMIN'; disabledAt?: Date }) =>
    test.database.run((db) => db.user.update({ where: { email }, data }));

  it('answers whatever is wrong with a code byte for byte alike', async () => {
    const [{ email }, other, pending] = [await signUp(test), await signUp(test), newUser()];
    const answers = [await present(email, 'login', '123456'), await present(newUser().email, 'login', '1')];
    const refused = async (purpose: Purpose, ...otps: string[]) => {
      for (const otp of otps) answers.push(await present(email, purpose, otp));
    };

    const first = await mailed(email, 'login');
    await refused('login', otherThan(first.code), 'x', first.token.slice(1), `${first.code} `);
    const second = await mailed(email, 'login');
    await refused('login', first.code);
    await refused('reset_password', second.code, second.token);
    const foreign = await mailed(other.email, 'login');
    await refused('login', foreign.code, foreign.token);
    await new ApiClient(test.app).post('/auth/register', pending);
    await test.deliverMails();
    await refused('verify_email', codeIn(test.mailer.to(pending.email)[0]));
    expect((await present(email, 'login', second.code)).status).toBe(200);
    await refused('login', second.code, second.token, first.token);

    const exhausted = await mailed(email, 'reset_password');
    await guessWrong(email, 'reset_password', exhausted.code, 5);
    await refused('reset_password', exhausted.code);
    const late = await mailed(email, 'reset_password');
    test.clock.advance(10 * MINUTE);
    await refused('reset_password', late.code, late.token);

    expect(countOutcomes(answers)).toEqual({ '400 invalid_otp': 18 });
    expect(new Set(answers.map((answer) => JSON.stringify(plainAnswer(answer)))).size).toBe(1);
  });

  it('takes a code, and a token, until ten minutes after the request', async () => {
    const { email } = await signUp(test);
    for (const member of ['code', 'token'] as const) {
      const mail = await mailed(email, 'reset_password');
      test.clock.advance(10 * MINUTE - 5_000);
      const answer = await present(email, 'reset_password', mail[member]);
      expect(answer.body).toEqual({ resetToken: expect.any(String), expiresIn: 600 });
    }
  });

  it('counts ten minutes from the request, however late the mail goes out', async () => {
    const { email } = await signUp(test);
    await request(email, 'login');
    test.clock.advance(9 * MINUTE);
    await test.deliverMails();
    const code = codeIn(test.mailer.to(email)[0]);
    test.clock.advance(MINUTE);
    expect(outcomeOf(await present(email, 'login', code))).toBe('400 invalid_otp');
  });

  it('takes the token of a mail whose digits have died, and that of an older mail', async () => {
    const { email } = await signUp(test);
    const older = await mailed(email, 'login');
    const newer = await mailed(email, 'login');
    await guessWrong(email, 'login', newer.code, 5);
    expect(outcomeOf(await present(email, 'login', newer.code))).toBe('400 invalid_otp');
    expect((await present(email, 'login', older.token)).status).toBe(200);
    const next = await mailed(email, 'login');
    await guessWrong(email, 'login', next.code, 5);
    expect((await present(email, 'login', next.token)).status).toBe(200);
  });

  it('compares no digits after 20 wrong tries of a day, over all purposes; tokens still open', async () => {
    const { email } = await signUp(test);
    for (const purpose of ['login', 'reset_password', 'login', 'reset_password'] as const) {
      await guessWrong(email, purpose, (await mailed(email, purpose)).code, 5);
    }
    const mail = await mailed(email, 'login');
    expect(outcomeOf(await present(email, 'login', mail.code))).toBe('400 invalid_otp');
    expect((await present(email, 'login', mail.token)).status).toBe(200);
    test.clock.advance(DAY - 5_000);
    expect(outcomeOf(await present(email, 'login', (await mailed(email, 'login')).code))).toBe(
      '400 invalid_otp',
    );
    test.clock.advance(10_000);
    expect((await present(email, 'login', (await mailed(email, 'login')).code)).status).toBe(200);
  });

  it.each([
    ['an admin', { role: 'ADMIN' }],
    ['a disabled user', { disabledAt: new Date() }],
  ] as const)('mails %s no login code, and takes none', async (_who, change) => {
    const { email } = await signUp(test);
    const before = await mailed(email, 'login');
    await standing(email, change);
    const { length } = test.mailer.to(email);
    expect((await request(email, 'login')).status).toBe(202);
    await test.deliverMails();
    expect(test.mailer.to(email)).toHaveLength(length);
    for (const otp of [before.code, before.token]) {
      expect(outcomeOf(await present(email, 'login', otp))).toBe('400 invalid_otp');
    }
    const reset = await mailed(email, 'reset_password');
    expect((await present(email, 'reset_password', reset.code)).status).toBe(200);
  });

  it('answers a request alike for known, pending and unknown addresses, and mails the unknown nothing', async () => {
    const [{ email }, pending, unknown] = [await signUp(test), newUser(), newUser()];
    await new ApiClient(test.app).post('/auth/register', pending);
    await test.deliverMails();
    for (const purpose of ['verify_email', 'login', 'reset_password'] as const) {
      const answers = await Promise.all(
        [email, pending.email, unknown.email].map((address) => request(address, purpose)),
      );
      expect(answers[0]?.status).toBe(202);
      expect(answers[0]?.body.expiresIn).toBe(600);
      expect(new Set(answers.map((answer) => JSON.stringify(plainAnswer(answer)))).size).toBe(1);
    }
    await test.deliverMails();
    expect(test.mailer.to(unknown.email)).toEqual([]);
  });

  it('voids codes and tokens under way by a change of the password', async () => {
    const { email } = await signUp(test);
    const login = await mailed(email, 'login');
    const reset = await mailed(email, 'reset_password');
    const { resetToken } = (await present(email, 'reset_password', reset.code)).body;
    const change = { resetToken, newPassword: `${newUser().password} again` };
    expect((await new ApiClient(test.app).post('/auth/password/reset', change)).status).toBe(204);
    for (const otp of [login.code, login.token]) {
      expect(outcomeOf(await present(email, 'login', otp))).toBe('400 invalid_otp');
    }
  });
});
