import { uuidv7 } from 'uuidv7';
import { assertPassword } from '../http/assert-password';
import type { Answer, Call } from '../http/endpoint';
import { Problem } from '../http/problem';
import { tokenResponseBody } from '../http/representations';
import type { tokenResponse } from '../http/schemas';
import type { Services } from '../services';
import type { checkQuery, guestGrant, logoutRequest, reauthentication, refreshRequest } from './auth.schemas';

/** Rotates a refresh token (RFC 9700, 4.14.2). */
export async function refresh(
  { rotation }: Pick<Services, 'rotation'>,
  { body, address, userAgent, origin, charge }: Call<typeof refreshRequest>,
): Promise<Answer<typeof tokenResponse>> {
  const presented = await rotation.present(body.refreshToken);
  if (presented === undefined) throw new Problem('invalid_refresh_token');
  // Charged only now: a forged token must not use up the owner's budget. And not for an old one: whoever holds the
  // stolen branch must not be able to keep its reuse from being seen.
  if (!rotation.isOld(presented)) await charge('refresh', presented.record.id);
  const result = await rotation.rotate(presented, { address, userAgent }, origin);
  if (result.outcome === 'rotated') return { body: tokenResponseBody(result.grant) };
  throw new Problem(result.outcome === 'ended' ? 'invalid_refresh_token' : 'refresh_token_reused');
}

/** Ends the session of the access token, and that of the refresh token, whichever is sent. */
export async function logout(
  { sessions, rotation }: Pick<Services, 'sessions' | 'rotation'>,
  { body, principal, origin }: Call<typeof logoutRequest, undefined, undefined, 'optional'>,
): Promise<Answer<undefined>> {
  const end = (userId: string, sessionId: string) =>
    sessions.end(userId, sessionId, { ...origin, actorId: userId });
  // Before the refresh token is looked at: a bad one beside it must not keep this session alive.
  if (principal?.kind === 'user') await end(principal.user.id, principal.session.sessionId);
  if (body?.refreshToken !== undefined) {
    const presented = await rotation.present(body.refreshToken);
    if (presented === undefined) throw new Problem('invalid_refresh_token');
    await end(presented.account.id, presented.record.id);
  } else if (principal?.kind !== 'user') {
    throw new Problem(principal === undefined ? 'unauthenticated' : 'invalid_token');
  }
  return { body: undefined };
}

export async function logoutAll(
  { sessions }: Pick<Services, 'sessions'>,
  { principal, origin }: Call<undefined, undefined, undefined, 'account:write'>,
): Promise<Answer<undefined>> {
  await sessions.endAll(principal.user.id, origin);
  return { body: undefined };
}

/** A signed-in user gives the password again; the session counts as fresh for 15 minutes. */
export async function reauthenticate(
  services: Pick<Services, 'accounts' | 'passwordHasher' | 'sessions' | 'audit'>,
  {
    body,
    principal,
    origin,
    guessFailed,
  }: Call<typeof reauthentication, undefined, undefined, 'account:write'>,
): Promise<Answer<undefined>> {
  const userId = principal.user.id;
  await assertPassword(services, { principal, origin, guessFailed }, body.password);
  if (!(await services.sessions.markFresh(userId, principal.session.sessionId, origin))) {
    throw new Problem('invalid_token');
  }
  return { body: undefined };
}

/** A token for nobody in particular: no account, no session, no refresh. */
export async function guest({
  accessTokens,
}: Pick<Services, 'accessTokens'>): Promise<Answer<typeof guestGrant>> {
  const id = uuidv7();
  const { token, expiresIn } = accessTokens.issueGuest({ guestId: id });
  return { body: { accessToken: token, tokenType: 'Bearer', expiresIn, user: { id, role: 'GUEST' } } };
}

/** Forward authentication: says by headers who the bearer is. */
export async function check(
  _services: unknown,
  { principal, query }: Call<undefined, typeof checkQuery, undefined, 'identity:read'>,
): Promise<Answer<undefined>> {
  const [subject, role] =
    principal.kind === 'guest' ? [principal.guestId, 'GUEST'] : [principal.user.id, principal.user.role];
  if (query.role !== undefined && query.role !== role) throw new Problem('forbidden');
  return {
    body: undefined,
    headers: {
      'X-Auth-Subject': subject,
      'X-Auth-Role': role,
      ...(principal.kind === 'user' && { 'X-Auth-Session': principal.session.sessionId }),
    },
  };
}
