import type { Request, Response } from 'express';
import type { Clock } from '../clock';
import type { Limiter } from '../limits/limiter';
import type { Role } from '../stores/session/session-store';
import type { AccessTokens } from '../tokens/access-token';
import type { Sessions } from '../tokens/sessions';
import { isAllowed } from './permissions';
import type { Access, Principal } from './principal';
import { Problem } from './problem';
import { rateLimited, showLevels } from './rate-limiter';
import { contextOf } from './request-context';

export interface Gate {
  readonly limiter: Limiter;
  readonly accessTokens: AccessTokens;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/**
 * Charges the global limit, then finds out who is asking (RFC 6750). Both go to the store in the same round trip; a
 * token that does not verify is charged all the same. Throws `Problem`: 429 first, then 401, then 403.
 */
export async function authenticate(
  gate: Gate,
  access: Access,
  request: Request,
  response: Response,
): Promise<Principal | undefined> {
  const context = contextOf(response);
  const token = access === 'public' ? undefined : bearerToken(request);
  const claims = token === undefined ? undefined : gate.accessTokens.verify(token);

  const [decision, live] = await Promise.all([
    gate.limiter.take([{ policy: 'global', parts: [context.address] }]),
    claims !== undefined && claims.role !== 'GUEST'
      ? gate.sessions.find(claims.userId, claims.sessionId)
      : undefined,
  ]);
  showLevels(response, decision);
  if (!decision.allowed) throw rateLimited(decision);

  if (token === undefined) {
    if (access === 'public' || access === 'optional') return undefined;
    throw new Problem('unauthenticated');
  }
  if (claims?.role === 'GUEST') {
    context.subject = claims.guestId;
    if (!mayCall('GUEST', access)) throw new Problem('forbidden');
    return { kind: 'guest', guestId: claims.guestId };
  }
  if (live === undefined) {
    if (access === 'optional') return { kind: 'rejected' };
    throw new Problem('invalid_token');
  }
  context.subject = live.user.id;
  context.userId = live.user.id;
  // The role that the session shows, not the one of the token: a change of it holds from the next request on.
  if (!mayCall(live.user.role, access)) throw new Problem('forbidden');
  return { kind: 'user', ...live };
}

/** Where a session's token is optional, a guest's is none. */
function mayCall(role: Role | 'GUEST', access: Access): boolean {
  if (access === 'public') return true;
  return access === 'optional' ? role !== 'GUEST' : isAllowed(role, access);
}

/** The token of `Authorization: Bearer`, the scheme in any case; undefined if none was sent. */
export function bearerToken(request: Request): string | undefined {
  return /^bearer +(\S.*)$/i.exec(request.headers.authorization ?? '')?.[1];
}
