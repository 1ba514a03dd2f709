import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { ApiClient, BASE_PATH, logIn, signUp } from '../testing/api-client';
import { createTestApp, type TestApp } from '../testing/test-app';

interface Request {
  readonly method?: 'put';
  readonly path?: string;
  readonly from?: string;
  readonly token?: () => string;
  readonly type?: string;
  readonly body?: string;
}

/** Each request has every fault from its own step on, so the answer names the first of them. */
describe('the order of checks', () => {
  let test: TestApp;
  let userToken: string;
  let guest: string;
  const exhausted = '203.0.113.1';
  const fresh = '203.0.113.2';
  beforeAll(async () => {
    const env = { RATE_LIMIT_GLOBAL: '60/0.001', RATE_LIMIT_REAUTH: '1/0.0001' };
    test = await createTestApp({ env });
    userToken = (await logIn(test, await signUp(test))).accessToken;
    guest = (await new ApiClient(test.app).post('/auth/guest')).body.accessToken;
    const client = new ApiClient(test.app, exhausted);
    await Promise.all(Array.from({ length: 60 }, () => client.get('/users/me')));
    await new ApiClient(test.app).post('/auth/reauthenticate', { password: 'not this one' }, userToken);
  });
  afterAll(() => test.close());

  const large = `{"password":"${'x'.repeat(70_000)}`;
  const JSON_TYPE = 'application/json';
  const path = '/auth/reauthenticate';

  it.each<[step: string, outcome: string, Request]>([
    ['404', '404 not_found', { path: '/auth/Reauthenticate', from: exhausted }],
    ['405', '405 method_not_allowed', { method: 'put', from: exhausted }],
    ['the global limit', '429 rate_limited', { from: exhausted }],
    ['the token that is missing', '401 unauthenticated', {}],
    ['the token that is bad', '401 invalid_token', { token: () => 'x' }],
    ['the permission', '403 forbidden', { token: () => guest }],
    ['the content type', '415 unsupported_media_type', { token: () => userToken }],
    ['the size', '413 payload_too_large', { token: () => userToken, type: JSON_TYPE }],
    ['the JSON', '400 malformed_json', { token: () => userToken, type: JSON_TYPE, body: '{"x":' }],
    ['the schema', '400 validation_failed', { token: () => userToken, type: JSON_TYPE, body: '{"x":1}' }],
    [
      'the limit of the route',
      '429 rate_limited',
      { token: () => userToken, type: JSON_TYPE, body: '{"password":"not this one"}' },
    ],
  ])('comes to %s', async (_step, outcome, faults) => {
    const { method = 'post', from = fresh, type = 'text/plain', body = large } = faults;
    const sending = request(test.app)
      [method](BASE_PATH + (faults.path ?? path))
      .set('X-Forwarded-For', from)
      .set('Content-Type', type);
    if (faults.token !== undefined) sending.set('Authorization', `Bearer ${faults.token()}`);
    expect(outcomeOf(await sending.send(body))).toBe(outcome);
  });

  it('charges the global limit for all that comes to it, and for nothing before', async () => {
    const { headers } = await new ApiClient(test.app, fresh).get('/users/me', userToken);
    expect(headers['x-ratelimit-remaining']).toBe(String(60 - 8 - 1));
  });
});
