import request from 'supertest';
import { endpointGroups } from './api';
import type { AnyEndpoint } from './http/endpoint';
import { outcomeOf } from './testing/answers';
import { ApiClient, logIn, signUp, signUpAdmin } from './testing/api-client';
import { createTestApp, stateKinds, type TestApp } from './testing/test-app';

const HOME = '192.0.2.10';
const ELSEWHERE = '203.0.113.9';
const UNKNOWN_ID = '0190b0a4-0000-7000-8000-000000000000';
const BY_TEST = { actorId: null, address: 'local', requestId: 'test' };

const CALLERS = [
  'none',
  'guest',
  'user',
  'disabled user',
  'deleted user',
  'admin',
  'admin whose session is stale',
  'admin from a wrong address',
  'expired token',
] as const;
type Caller = (typeof CALLERS)[number];

/** What each caller meets, in the order of `CALLERS`; `-` where nothing is refused. */
const KINDS = {
  public: '- | - | - | - | - | - | - | - | -',
  'own session, if any':
    '401 unauthenticated | 403 forbidden | - | 401 invalid_token | 401 invalid_token | - | - | - | 401 invalid_token',
  'any token':
    '401 unauthenticated | - | - | 401 invalid_token | 401 invalid_token | - | - | - | 401 invalid_token',
  'own account':
    '401 unauthenticated | 403 forbidden | - | 401 invalid_token | 401 invalid_token | - | - | - | 401 invalid_token',
  admin:
    '401 unauthenticated | 403 forbidden | 403 forbidden | 401 invalid_token | 401 invalid_token | - | - | 403 address_not_allowed | 401 invalid_token',
  'admin, fresh':
    '401 unauthenticated | 403 forbidden | 403 forbidden | 401 invalid_token | 401 invalid_token | - | 403 reauthentication_required | 403 address_not_allowed | 401 invalid_token',
} as const;

/** Every route there is, and who it is for. A route that is missing here, or is more than here, fails the test. */
const ROUTES: Readonly<Record<string, keyof typeof KINDS>> = {
  'POST /api/v1/auth/register': 'public',
  'POST /api/v1/auth/login': 'public',
  'POST /api/v1/auth/refresh': 'public',
  'POST /api/v1/auth/logout': 'own session, if any',
  'POST /api/v1/auth/logout-all': 'own account',
  'POST /api/v1/auth/reauthenticate': 'own account',
  'POST /api/v1/auth/password/reset': 'public',
  'POST /api/v1/auth/guest': 'public',
  'GET /api/v1/auth/check': 'any token',
  'POST /api/v1/otp/request': 'public',
  'POST /api/v1/otp/verify': 'public',
  'GET /api/v1/users/me': 'any token',
  'PATCH /api/v1/users/me': 'own account',
  'DELETE /api/v1/users/me': 'own account',
  'PUT /api/v1/users/me/password': 'own account',
  'POST /api/v1/users/me/email': 'own account',
  'POST /api/v1/users/me/email/confirm': 'own account',
  'GET /api/v1/users/me/export': 'own account',
  'GET /api/v1/users/me/sessions': 'own account',
  'DELETE /api/v1/users/me/sessions/:id': 'own account',
  'GET /api/v1/admin/users': 'admin',
  'GET /api/v1/admin/users/:id': 'admin',
  'PATCH /api/v1/admin/users/:id': 'admin, fresh',
  'DELETE /api/v1/admin/users/:id': 'admin, fresh',
  'POST /api/v1/admin/users/:id/logout': 'admin',
  'POST /api/v1/admin/users/:id/password-reset': 'admin',
  'GET /api/v1/admin/audit-events': 'admin',
  'GET /api/v1/admin/audit-events/export': 'admin',
  'GET /api/v1/admin/allowlist': 'admin',
  'POST /api/v1/admin/allowlist': 'admin, fresh',
  'DELETE /api/v1/admin/allowlist/:id': 'admin, fresh',
  'DELETE /api/v1/admin/allowlist': 'admin, fresh',
  'GET /api/v1/admin/limits': 'admin',
  'GET /api/v1/admin/limits/explain': 'admin',
  'POST /api/v1/admin/limits/release': 'admin, fresh',
  'PATCH /api/v1/admin/limits/:policy': 'admin, fresh',
  'GET /verify-email': 'public',
  'POST /verify-email': 'public',
  'GET /undo-email-change': 'public',
  'POST /undo-email-change': 'public',
  'GET /health/live': 'public',
  'GET /health/ready': 'public',
  'GET /.well-known/jwks.json': 'public',
  'GET /api-docs': 'public',
  'GET /api-docs/openapi.json': 'public',
  'GET /metrics': 'public',
};

const endpoints = endpointGroups.flatMap(({ basePath, endpoints }) =>
  endpoints.map((endpoint) => ({ endpoint, path: basePath + endpoint.path })),
);
const routeOf = ({ endpoint, path }: { endpoint: AnyEndpoint<never>; path: string }) =>
  `${endpoint.method.toUpperCase()} ${path}`;

/** Refusals of who is asking, rather than of what is asked. */
const REFUSALS = new Set([
  '401 unauthenticated',
  '401 invalid_token',
  '403 forbidden',
  '403 reauthentication_required',
  '403 address_not_allowed',
  '403 cross_site',
]);

describe('every route, and everybody who may come', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp({
      state: stateKinds.at(-1) ?? 'in-process stores',
      env: {
        RATE_LIMIT_GLOBAL: '1000000/1000',
        RATE_LIMIT_LOGIN: '1000000/1000',
        RATE_LIMIT_GUEST: '1000000/1000',
        ACCESS_TOKEN_TTL: '3600',
      },
    });
    const { accessToken } = await signUpAdmin(test);
    const home = new ApiClient(test.app, HOME);
    const added = await home.post('/admin/allowlist', { cidr: HOME }, accessToken);
    expect(added.status).toBe(201);
  });
  afterAll(() => test.close());

  it('has these routes, and no other', () => {
    expect(endpoints.map(routeOf).sort()).toEqual(Object.keys(ROUTES).sort());
  });

  /** Tokens of callers whose sessions nothing has ended yet. */
  async function arrive(): Promise<Record<Caller, string | undefined>> {
    const expired = await logIn(test, await signUp(test));
    const stale = await (async () => {
      test.clock.advance(45 * 60_000);
      return signUpAdmin(test);
    })();
    test.clock.advance(15 * 60_000);
    const [user, disabled, deleted] = [await signUp(test), await signUp(test), await signUp(test)];
    const tokens = {
      none: undefined,
      guest: (await new ApiClient(test.app, HOME).post('/auth/guest')).body.accessToken as string,
      user: (await logIn(test, user)).accessToken,
      'disabled user': (await logIn(test, disabled)).accessToken,
      'deleted user': (await logIn(test, deleted)).accessToken,
      admin: (await signUpAdmin(test)).accessToken,
      'admin whose session is stale': stale.accessToken,
      'admin from a wrong address': (await signUpAdmin(test)).accessToken,
      'expired token': expired.accessToken,
    };
    const { accounts, sessions, standings } = test.services;
    const idOf = async (email: string) => (await accounts.findByEmail(email))?.id ?? '';
    const [disabledId, deletedId] = [await idOf(disabled.email), await idOf(deleted.email)];
    await sessions.changingStanding(disabledId, () =>
      standings.change(disabledId, { disabled: true }, BY_TEST),
    );
    await sessions.changingStanding(deletedId, () => standings.remove(deletedId, BY_TEST));
    return tokens;
  }

  it.each(endpoints.map((found) => [routeOf(found), found] as const))(
    '%s',
    async (route, found) => {
      const tokens = await arrive();
      const met: string[] = [];
      for (const caller of CALLERS) {
        const { method } = found.endpoint;
        const calling = request(test.app)
          [method](found.path.replace(':id', UNKNOWN_ID))
          .set('X-Forwarded-For', caller === 'admin from a wrong address' ? ELSEWHERE : HOME);
        const token = tokens[caller];
        if (token !== undefined) calling.set('Authorization', `Bearer ${token}`);
        const outcome = outcomeOf(await (method === 'get' ? calling : calling.send({})));
        met.push(REFUSALS.has(outcome) ? outcome : '-');
      }
      expect(met.join(' | ')).toBe(KINDS[ROUTES[route] ?? 'public']);
    },
    30_000,
  );
});
