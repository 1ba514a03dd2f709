import { randomBytes } from 'node:crypto';
import { BASE_PATH } from '../../api';
import { type Seen, seen, unseen } from '../facts';
import { reasonOf } from '../reason';
import { call, type HttpAnswer, type HttpCall } from './http-call';
import { speaksOldTls } from './old-tls';

/** An origin that no deployment allows: the name is reserved (RFC 6761). */
export const FOREIGN_ORIGIN = 'https://doctor.invalid';
/** Sent with TRACE, and to be found in no answer. */
export const TRACE_MARK = 'tollgate-doctor-trace';

/** Milliseconds after which no further call is begun. */
const DEADLINE_MS = 15_000;

/** What is asked of a running instance. It leaves nothing behind but three tokens taken from the limit of guests. */
function callsTo(baseUrl: string) {
  const json = { 'Content-Type': 'application/json' };
  const login = `${BASE_PATH}/auth/login`;
  const me = `${BASE_PATH}/users/me`;
  const nowhere = randomBytes(6).toString('hex');
  const cookie = {
    ...json,
    Origin: baseUrl,
    'Sec-Fetch-Site': 'same-origin',
    Cookie: `__Host-refresh=${nowhere}; refresh=${nowhere}`,
  };
  const guestFrom = (address: string): HttpCall => ({
    method: 'POST',
    path: `${BASE_PATH}/auth/guest`,
    // From the range for documentation (RFC 5737).
    headers: { 'X-Forwarded-For': address, Forwarded: `for=${address}`, 'X-Real-IP': address },
  });
  return {
    unknownPath: { path: `${BASE_PATH}/${nowhere}` },
    unknownRootPath: { path: `/${nowhere}` },
    anonymous: { path: me },
    badToken: { path: me, headers: { Authorization: `Bearer ${nowhere}` } },
    foreignOrigin: { path: me, headers: { Origin: FOREIGN_ORIGIN } },
    nullOrigin: { path: me, headers: { Origin: 'null' } },
    foreignPreflight: {
      method: 'OPTIONS',
      path: login,
      headers: { Origin: FOREIGN_ORIGIN, 'Access-Control-Request-Method': 'POST' },
    },
    trace: { method: 'TRACE', path: '/health/live', headers: { 'X-Mark': TRACE_MARK } },
    wrongMethod: { method: 'DELETE', path: login },
    unknownMethod: { method: 'PROPFIND', path: login },
    malformedJson: { method: 'POST', path: login, headers: json, body: '{"email": "a@b.example",' },
    plainTextLogin: {
      method: 'POST',
      path: login,
      headers: { 'Content-Type': 'text/plain' },
      body: '{"email":"a@b.example","password":"x"}',
    },
    metrics: { path: '/metrics' },
    page: { path: `/verify-email?token=${nowhere}` },
    docs: { path: '/api-docs' },
    jwks: { path: '/.well-known/jwks.json' },
    cookieLogout: {
      method: 'POST',
      path: `${BASE_PATH}/auth/logout?transport=cookie`,
      headers: cookie,
      body: '{}',
    },
    cookieRefresh: {
      method: 'POST',
      path: `${BASE_PATH}/auth/refresh?transport=cookie`,
      headers: cookie,
      body: '{}',
    },
    guest: guestFrom('203.0.113.7'),
    guestElsewhere: guestFrom('203.0.113.77'),
    guestAgain: guestFrom('203.0.113.7'),
  } as const satisfies Record<string, HttpCall>;
}

export type CallName = keyof ReturnType<typeof callsTo>;

export interface InstanceFacts {
  readonly origin: string;
  /** Undefined where no answer came in time. */
  readonly answers: Readonly<Record<CallName, HttpAnswer | undefined>>;
  /** Undefined over plain HTTP. */
  readonly certificate: HttpAnswer['certificate'];
  /** Whether it speaks TLS 1.0 or 1.1; undefined over plain HTTP, or where that could not be found out. */
  readonly oldTls: boolean | undefined;
}

/**
 * Asks the instance at an origin, one call after the other. `baseUrl` is the origin that it knows itself by. Unseen if
 * nothing, or something else, answers there.
 */
export async function lookAtInstance(origin: string, baseUrl: string): Promise<Seen<InstanceFacts>> {
  let live: HttpAnswer;
  try {
    live = await call(origin, { path: '/health/live' });
  } catch (error) {
    return unseen(`no instance at ${origin}: ${reasonOf(error)}`);
  }
  if (live.status !== 200 || !/^\{"status":"live"\}$/.test(live.body)) {
    return unseen(`what answers at ${origin} is no Tollgate (GET /health/live: ${live.status})`);
  }
  const deadline = performance.now() + DEADLINE_MS;
  const answers: Partial<Record<CallName, HttpAnswer | undefined>> = {};
  for (const [name, planned] of Object.entries(callsTo(baseUrl)) as [CallName, HttpCall][]) {
    answers[name] =
      performance.now() > deadline ? undefined : await call(origin, planned).catch(() => undefined);
  }
  return seen({
    origin,
    answers: answers as InstanceFacts['answers'],
    certificate: live.certificate,
    oldTls: live.certificate === undefined ? undefined : await speaksOldTls(origin),
  });
}
