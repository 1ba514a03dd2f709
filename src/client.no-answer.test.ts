import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TollgateClient } from '../client/src/index.js';
import { builtClient } from './testing/built-client';

const { createClient, NetworkError, retryAfterSeconds } = builtClient();
const user = {
  id: '01981b5e-7c3a-7d52-9a55-0d6f2f6f6a11',
  email: 'ada@example.com',
  username: 'Ada Lovelace',
  role: 'USER' as const,
  emailVerified: true,
  createdAt: '2026-01-31T09:30:00.000Z',
};
const tokens = {
  accessToken: 'an access token',
  tokenType: 'Bearer',
  expiresIn: 900,
  refreshToken: 'a refresh token',
  refreshExpiresIn: 604_800,
  user,
};
const credentials = { email: user.email, password: 'violet-lantern-47' };

const html = { 'Content-Type': 'text/html' };
const asProblem = { 'Content-Type': 'application/problem+json; charset=utf-8' };
const problem = JSON.stringify({ type: 'urn:x', title: '', status: 503, detail: '', code: 'overloaded' });
const empty = (status: number) => new Response(null, { status, headers: { 'Content-Length': '0' } });

/** What stands between a page and the service answers with in place of the service. */
const foreign: [string, () => Response][] = [
  ['an empty 503', () => empty(503)],
  ['an empty 401', () => empty(401)],
  ['a 502 in HTML', () => new Response('<h1>Bad Gateway</h1>', { status: 502, headers: html })],
  ['a 403 as JSON', () => Response.json({ code: 'forbidden', message: 'no' }, { status: 403 })],
  ['a 503 that only says it is a problem', () => new Response('<p>', { status: 503, headers: asProblem })],
  ['a problem cut short', () => new Response(problem.slice(9), { status: 503, headers: asProblem })],
  ['a problem of another kind', () => new Response('{}', { status: 503, headers: asProblem })],
  ['null as a problem', () => new Response('null', { status: 503, headers: asProblem })],
];

/** A client that is signed in, and then gets this answer to everything. */
async function signedIn(answer: () => Response, more: { transport?: 'cookie' } = {}) {
  let signed = false;
  const signedOut: string[] = [];
  const client = createClient({
    baseUrl: 'https://id.example.com/sub/',
    fetch: async () => (signed ? answer() : Response.json(tokens)),
    onSignedOut: (reason) => void signedOut.push(reason),
    ...more,
  });
  await client.login(credentials);
  signed = true;
  return { client, signedOut };
}

const calls: [string, (client: TollgateClient) => Promise<unknown>][] = [
  ['login', (client) => client.login(credentials)],
  ['loginByOtp', (client) => client.loginByOtp({ email: user.email, otp: '042137' })],
  ['refresh', (client) => client.refresh()],
  ['logout', (client) => client.logout()],
  ['logoutAll', (client) => client.logoutAll()],
  ['GET', (client) => client.GET('/api/v1/users/me')],
];

type Methods = Record<string, { responses: Record<string, { content?: object; $ref?: string }> }>;
const document = JSON.parse(readFileSync(join(__dirname, '..', 'docs', 'openapi.json'), 'utf8'));

function sendBy(client: TollgateClient, method: string) {
  const { GET, POST, PUT, PATCH, DELETE } = client;
  const send = { get: GET, post: POST, put: PUT, patch: PATCH, delete: DELETE }[method];
  return send as unknown as (path: string, init?: object) => Promise<{ error?: object }>;
}

describe.each(foreign)('%s', (_, answer) => {
  it.each(calls)('to %s is no answer, and nobody is signed out by it', async (_name, call) => {
    const { client, signedOut } = await signedIn(answer);
    const thrown = await call(client).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(NetworkError);
    expect((thrown as InstanceType<typeof NetworkError>).response?.status).toBe(answer().status);
    expect([client.user, await client.accessToken(), signedOut]).toEqual([user, tokens.accessToken, []]);
  });
});

it('says when a proxy asks to come back', async () => {
  const busy = () => new Response('busy', { status: 503, headers: { ...html, 'Retry-After': '7' } });
  const { client } = await signedIn(busy);
  const { response } = await client.GET('/api/v1/users/me').catch((error) => error);
  expect(retryAfterSeconds(response)).toBe(7);
});

it.each(calls)('%s is not done where a success is not the service’s', async (name, call) => {
  const page = () => new Response('<h1>', { headers: html });
  const successes = [() => empty(200), page, ...(name === 'GET' ? [] : [() => Response.json({})])];
  for (const answer of successes) {
    const { client } = await signedIn(answer);
    const outcome = await call(client).catch((error: unknown) => error);
    expect([outcome instanceof NetworkError, client.user]).toEqual([true, user]);
  }
});

it('lets through every success as the document tells it', async () => {
  const told: string[] = [];
  for (const [path, methods] of Object.entries<Methods>(document.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      const status = Object.keys(responses).find((code) => Number(code) < 400) ?? '';
      const { content = {} } = responses[status] ?? {};
      const [type] = Object.keys(content);
      const headers = { ...(type === undefined ? { 'Content-Length': '0' } : { 'Content-Type': type }) };
      const body = type === undefined ? null : '{}';
      const { client } = await signedIn(() => new Response(body, { status: Number(status), headers }));
      await sendBy(client, method)(path, { parseAs: 'text' });
      told.push(`${status} ${type}`);
    }
  }
  expect(new Set(told).size).toBeGreaterThan(6);
});

it('lets through every error as the document tells it, and no other', async () => {
  const wrong: unknown[] = [];
  const ownForms: unknown[] = [];
  for (const [path, methods] of Object.entries<Methods>(document.paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      for (const [status, told] of Object.entries(responses).filter(([code]) => Number(code) >= 400)) {
        const response = told.$ref ? document.components.responses[told.$ref.split('/').at(-1) ?? ''] : told;
        const types = Object.keys(response.content);
        for (const type of ['application/problem+json', 'text/html', 'application/json', 'text/plain']) {
          const answer = () =>
            new Response(problem, { status: Number(status), headers: { 'Content-Type': type } });
          const { client } = await signedIn(answer);
          const passed = await sendBy(
            client,
            method,
          )(path).then(
            ({ error }) => error !== undefined,
            () => false,
          );
          if (types.includes(type) && type !== 'application/problem+json')
            ownForms.push([path, status, type]);
          const expected = types.includes(type) || type === 'application/problem+json';
          if (passed !== expected) wrong.push([method, path, status, type, passed]);
        }
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(ownForms.length).toBeGreaterThan(3);
});
