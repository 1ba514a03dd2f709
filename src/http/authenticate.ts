import type { Request, Response } from 'express';
import type { Clock } from '../clock';
import type { AdmissionStore } from '../stores/admission/admission-store';
import type { FoundSession, Role } from '../stores/session/session-store';
import type { AccessTokens } from '../tokens/access-token';
import type { LiveSession, Sessions } from '../tokens/sessions';
import { hasSmallBody } from './json-body';
import { isAllowed } from './permissions';
import type { Access, Principal } from './principal';
import { Problem } from './problem';
import type { RequestCharges } from './request-charges';
import { contextOf } from './request-context';

export interface Gate {
  readonly admission: AdmissionStore;
  readonly accessTokens: AccessTokens;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

/**
 * Charges the global limit, and finds out who is asking (RFC 6750). Both go to the store in the same round trip; a
 * token that does not verify is charged all the same. Where anybody may call there is nothing to find out, and the limit
 * goes with those of the route in one round trip: but a body that costs something to read is not read before it.
 * Throws `Problem`: 429 first, then 401, then 403.
 */
export async function authenticate(
  gate: Gate,
  access: Access,
  request: Request,
  response: Response,
  charges: RequestCharges,
): Promise<Principal | undefined> {
  const context = contextOf(response);
  const global = { policy: 'global', parts: [context.address], regardless: true } as const;
  if (access === 'public') {
    if (hasSmallBody(request)) charges.defer(global);
    else await charges.charge([global]);
    return undefined;
  }
  const token = bearerToken(request);
  const claims = token === undefined ? undefined : gate.accessTokens.verify(token);
  let live: LiveSession | undefined;
  if (claims === undefined || claims.role === 'GUEST') {
    await charges.charge([global]);
  } else {
    const { userId, sessionId } = claims;
    let found: FoundSession | undefined;
    await charges.charge([global], async (buckets) => {
      const admission = await gate.admission.admit(buckets, userId, sessionId);
      found = admission.found;
      return admission.taken;
    });
    live = await gate.sessions.find(userId, sessionId, found);
  }

  if (token === undefined) {
    if (access === 'optional') return undefined;
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
