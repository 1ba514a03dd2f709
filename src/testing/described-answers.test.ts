import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../http/problem';
import { outcomeOf } from './answers';
import { ApiClient, logIn, signUp } from './api-client';
import { listen } from './built-client';
import { AnswerDescriptions, type GivenAnswer } from './described-answers';
import { describedFetch } from './described-fetch';
import { createTestApp, type TestApp } from './test-app';

const descriptions = new AnswerDescriptions();

const shown = {
  id: '01981b5e-7c3a-7d52-9a55-0d6f2f6f6a11',
  email: 'ada@example.com',
  username: 'Ada Lovelace',
  role: 'USER',
  emailVerified: true,
  createdAt: '2026-01-31T09:30:00.000Z',
};
const JSON_TYPE = { 'x-request-id': 'a-request', 'content-type': 'application/json; charset=utf-8' };
const PROBLEM_TYPE = { ...JSON_TYPE, 'content-type': 'application/problem+json; charset=utf-8' };

const me: GivenAnswer = {
  method: 'GET',
  route: '/api/v1/users/me',
  status: 200,
  headers: JSON_TYPE,
  body: JSON.stringify(shown),
};
const problem = (status: number, code: string, headers: object = {}): GivenAnswer => ({
  ...me,
  status,
  headers: { ...PROBLEM_TYPE, ...headers },
  body: JSON.stringify({ type: 'urn:x', title: 'x', status, detail: 'x', code, requestId: 'x' }),
});
const refused = problem(429, 'rate_limited', { 'retry-after': 3 });
const ended: GivenAnswer = {
  ...me,
  method: 'DELETE',
  route: '/api/v1/users/me/sessions/:id',
  status: 204,
  headers: { 'x-request-id': 'a-request' },
  body: '',
};
const line = JSON.stringify({
  id: shown.id,
  at: shown.createdAt,
  type: 'authn_login_success',
  outcome: 'success',
  actorId: null,
  subjectId: null,
  address: null,
  requestId: 'a-request',
  details: { any: 1 },
});
const events: GivenAnswer = {
  ...me,
  route: '/api/v1/admin/audit-events/export',
  headers: { ...JSON_TYPE, 'content-type': 'application/x-ndjson' },
  body: `${line}\n${line}\n`,
};
const wrongMethod: GivenAnswer = {
  ...problem(405, 'method_not_allowed', { allow: 'GET' }),
  method: 'DELETE',
  route: '/health/live',
};

it.each([
  ['a success', me],
  ['one of the other form', { ...me, body: JSON.stringify({ id: shown.id, role: 'GUEST' }) }],
  ['one without a body', ended],
  ['one of lines', events],
  ['a problem', refused],
  [
    'a problem with a header of its status',
    problem(401, 'unauthenticated', { 'www-authenticate': 'Bearer' }),
  ],
  ['HEAD, which has no body', { ...me, method: 'HEAD', body: '' }],
  ['another method of the path', wrongMethod],
  ['a path that is none', { ...problem(404, 'not_found'), route: 'unmatched' }],
])('finds no fault in %s', (_, answer) => {
  expect(descriptions.faultOf(answer)).toBeUndefined();
});

it.each<[string, GivenAnswer, RegExp]>([
  ['a status', problem(409, 'last_admin'), /^status 409/],
  ['a code', problem(401, 'invalid_otp', { 'www-authenticate': 'Bearer' }), /code must be equal to one of/],
  ['a code of another status', problem(429, 'unauthenticated', { 'retry-after': 3 }), /code must be equal/],
  ['a member', { ...me, body: JSON.stringify({ ...shown, passwordHash: 'x' }) }, /unevaluated properties/],
  ['a member of a problem', { ...refused, body: refused.body.replace('{', '{"stack":"x",') }, /unevaluated/],
  ['a type', { ...me, body: JSON.stringify({ ...shown, emailVerified: 'yes' }) }, /must be boolean/],
  ['a member that is missing', { ...me, body: JSON.stringify({ ...shown, email: undefined }) }, /'email'/],
  ['text where JSON is', { ...me, body: 'ok' }, /must be object/],
  ['a media type', { ...me, headers: { ...JSON_TYPE, 'content-type': 'text/html' } }, /^content type text/],
  ['a problem as plain JSON', { ...refused, headers: { ...JSON_TYPE, 'retry-after': 3 } }, /^content type/],
  ['a body where none is', { ...ended, body: '{}' }, /^a body: {}/],
  ['a line of many', { ...events, body: `${line}\n{}\n` }, /must have required property/],
  [
    'a limit',
    { ...me, headers: { ...JSON_TYPE, 'ratelimit-policy': '"global";q=1;w=1, "login";q=1;w=1' } },
    /^the limit login/,
  ],
  ['429 without Retry-After', problem(429, 'rate_limited'), /^no Retry-After/],
  ['429 with a time of day', problem(429, 'rate_limited', { 'retry-after': 'soon' }), /^Retry-After: soon/],
  ['401 without WWW-Authenticate', problem(401, 'unauthenticated'), /^no WWW-Authenticate/],
  [
    'an answer without X-Request-Id',
    { ...me, headers: { 'content-type': 'application/json' } },
    /^no X-Request-Id/,
  ],
  ['a success of another method', { ...wrongMethod, status: 200 }, /^a success of no operation/],
  ['405 without Allow', { ...wrongMethod, headers: PROBLEM_TYPE }, /^405 without Allow/],
  ['429 of another method without Retry-After', { ...wrongMethod, status: 429 }, /^429 without Retry-After/],
  ['404 of another method', { ...wrongMethod, status: 404 }, /^status 404 of no operation/],
  [
    'a page for a path that is none',
    { ...me, route: 'unmatched', status: 404, body: '<h1>' },
    /must be object/,
  ],
])('finds that the document does not tell of %s', (_, answer, fault) => {
  expect(descriptions.faultOf(answer)).toMatch(fault);
});

it.each([
  ['/api/v1/users/me', '/api/v1/users/me'],
  ['/api/v1/users/me/sessions/x', '/api/v1/users/me/sessions/{id}'],
  ['/api/v1/admin/limits/explain', '/api/v1/admin/limits/explain'],
  ['/api/v1/admin/limits/login', '/api/v1/admin/limits/{policy}'],
  ['/api/v1/users/me/', 'unmatched'],
  ['/nowhere', 'unmatched'],
])('knows which route takes %s', (path, route) => {
  expect(descriptions.routeOf(path)).toBe(route);
});

it('is asked of every answer of a service in a process of its own', () => {
  const source = join(__dirname, '..');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => [file, readFileSync(join(source, file), 'utf8')] as const)
    .filter(([, text]) => /runBuilt\(/.test(text));
  const unseen = files.filter(
    ([, text]) =>
      /(?<!\w)fetch\(|supertest/.test(text) ||
      (text.includes("'node:http'") && !text.includes('assertDescribed(')),
  );
  expect([files.length > 5, unseen.map(([file]) => file)]).toEqual([true, []]);
});

it('tells of a fault to whoever asks such a service', async () => {
  const server = await listen((_request, response) =>
    response.setHeader('X-Request-Id', 'a-request').end('{}'),
  );
  try {
    await expect(describedFetch(`${server.baseUrl}/health/live`)).rejects.toThrow(
      /GET \/health\/live answers content type/,
    );
  } finally {
    await server.stop();
  }
});

describe('an app under test', () => {
  const opened = async (sabotage: (test: TestApp) => void) => {
    const test = await createTestApp();
    const { accessToken } = await logIn(test, await signUp(test));
    sabotage(test);
    const answer = await new ApiClient(test.app).get('/users/me/sessions', accessToken);
    return { test, answer };
  };

  it('that answers as described is closed in peace', async () => {
    const { test, answer } = await opened(() => {});
    expect(outcomeOf(answer)).toBe('200');
    await expect(test.close()).resolves.toBeUndefined();
  });

  it('that answered otherwise fails its test when it is closed, naming call, answer and test', async () => {
    const { test, answer } = await opened(({ services }) => {
      services.sessions.list = () => Promise.reject(new Problem('last_admin'));
    });
    expect(outcomeOf(answer)).toBe('409 last_admin');
    await expect(test.close()).rejects.toThrow(
      /GET \/api\/v1\/users\/me\/sessions .* answers 409: status 409 .*\n {2}in: an app under test that answered otherwise/,
    );
  });
});
