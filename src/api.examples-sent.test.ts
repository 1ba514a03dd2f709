import request, { type Response } from 'supertest';
import { logIn, signUpAdmin } from './testing/api-client';
import { codeIn, linkIn } from './testing/captured-mailer';
import { bodyOf, calls, endpoints, parametersOf } from './testing/document-examples';
import { createTestApp, type TestApp } from './testing/test-app';

describe('the examples, sent one after the other to a fresh service', () => {
  let test: TestApp;
  const sent = new Set<string>();
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  interface Sending {
    readonly token?: string;
    /** In place of what the example can only have a placeholder for. */
    readonly body?: object;
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
  }

  /** Sends the examples as Swagger UI does, from this machine, and wants the success of the call. */
  async function send(name: string, { token, body, params, query }: Sending = {}): Promise<Response> {
    const call = calls.find((each) => each.name === name);
    if (call === undefined) throw new Error(`there is no call ${name}`);
    const { operation, method } = call;
    sent.add(name);
    const inPath = { ...parametersOf(operation, 'path'), ...params };
    const path = Object.entries(inPath).reduce((p, [key, value]) => p.replace(`{${key}}`, value), call.path);
    const prepared = request(test.app)
      [method as 'get'](path)
      .query({ ...parametersOf(operation, 'query', true), ...query })
      .set('X-Forwarded-For', '127.0.0.1');
    if (token !== undefined) prepared.set('Authorization', `Bearer ${token}`);
    const example = bodyOf(operation);
    const answer = await (example === undefined ? prepared : prepared.send({ ...example, ...body }));
    expect([name, answer.status, answer.text]).toEqual([
      name,
      endpoints.get(name)?.status,
      expect.anything(),
    ]);
    return answer;
  }

  const mailsTo = async (email: string) => {
    await test.deliverMails();
    return test.mailer.to(email);
  };
  const codeOf = async (email: string) =>
    codeIn((await mailsTo(email)).find(({ text }) => /^\d{6}$/m.test(text)));
  const linkOf = async (email: string) => {
    const { searchParams } = new URL(linkIn((await mailsTo(email))[0]), test.config.baseUrl);
    return { query: { token: String(searchParams.get('token')) } };
  };

  it('do what they show: every call of the document', async () => {
    for (const name of ['live', 'ready', 'jwks', 'metrics', 'apiDocs', 'openApiDocument', 'guest'])
      await send(name);

    // An account, first confirmed by its link, and a second one by its code.
    await send('register');
    const confirmation = await linkOf('ada@example.com');
    await send('showVerifyEmail', confirmation);
    await send('verifyEmailByLink', confirmation);
    const grace = { email: 'grace@example.com' };
    await send('register', { body: grace });
    await send('verifyOtp', { body: { ...grace, otp: await codeOf(grace.email) } });

    const { refreshToken } = (await send('login')).body;
    const { accessToken } = (await send('refresh', { body: { refreshToken } })).body;
    await send('requestOtp');
    const purpose = 'login';
    await send('verifyOtp', { body: { purpose, otp: await codeOf('ada@example.com') } });

    const me = { token: accessToken };
    for (const name of ['showMe', 'changeMe', 'check', 'exportMe', 'reauthenticate']) await send(name, me);
    const { sessions } = (await send('listSessions', me)).body;
    const other = sessions.find(({ current }: { current: boolean }) => !current);
    await send('endSession', { ...me, params: { id: other.id } });

    await send('requestEmailChange', me);
    const undo = await linkOf('ada@example.com');
    const otp = await codeOf('ada.lovelace@example.com');
    await send('confirmEmailChange', { ...me, body: { otp } });
    await send('changePassword', me);
    await send('showUndoEmailChange', undo);
    await send('undoEmailChange', undo);

    const reset = { purpose: 'reset_password', otp: await codeOf('ada@example.com') };
    const { resetToken } = (await send('verifyOtp', { body: reset })).body;
    await send('resetPassword', { body: { resetToken } });
    const password = 'copper-harbour-93';
    const again = async () => ({ token: (await send('login', { body: { password } })).body.accessToken });
    await send('logout', await again());
    await send('logoutAll', await again());
    const { token: last } = await again();
    const { id } = (await send('showMe', { token: last })).body;

    const admin = await signUpAdmin(test);
    const by = { token: admin.accessToken };
    for (const name of ['listUsers', 'listAuditEvents', 'exportAuditEvents']) await send(name, by);
    for (const name of ['showLimits', 'explainLimits', 'changeLimit', 'releaseLimits']) await send(name, by);
    const entry = (await send('addToAllowlist', by)).body;
    await send('showAllowlist', by);
    await send('addToAllowlist', { ...by, body: { cidr: '127.0.0.1' } });
    await send('removeFromAllowlist', { ...by, params: { id: entry.id } });
    await send('openAllowlist', by);
    const user = { ...by, params: { id } };
    await send('showUser', user);
    await send('startPasswordReset', user);
    await send('logOutUser', user);
    await send('changeStanding', user);
    await send('removeUser', user);
    const { accessToken: graces } = await logIn(test, {
      ...grace,
      username: '',
      password: 'violet-lantern-47',
    });
    await send('removeMe', { token: graces });

    expect([...sent].sort()).toEqual(calls.map(({ name }) => name).sort());
  }, 60_000);
});
