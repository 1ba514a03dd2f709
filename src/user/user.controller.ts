import type { Answer, Call } from '../http/endpoint';
import { Problem } from '../http/problem';
import { isoTime, userBody } from '../http/representations';
import type { user } from '../http/schemas';
import type { Services } from '../services';
import type { me, profileChange, sessionList, sessionParams } from './user.schemas';

/** Answered from the session: no query. */
export async function showMe(
  _services: unknown,
  { principal }: Call<undefined, undefined, undefined, 'identity:read'>,
): Promise<Answer<typeof me>> {
  return {
    body: principal.kind === 'guest' ? { id: principal.guestId, role: 'GUEST' } : userBody(principal.user),
  };
}

export async function changeMe(
  { accounts, sessions }: Pick<Services, 'accounts' | 'sessions'>,
  { body, principal, origin }: Call<typeof profileChange, undefined, undefined, 'account:write'>,
): Promise<Answer<typeof user>> {
  const account = await accounts.changeUsername(principal.user.id, body.username, origin);
  if (account === undefined) throw new Problem('invalid_token');
  await sessions.showUser(account);
  return { body: userBody(account) };
}

export async function listSessions(
  { sessions }: Pick<Services, 'sessions'>,
  { principal }: Call<undefined, undefined, undefined, 'account:read'>,
): Promise<Answer<typeof sessionList>> {
  const records = await sessions.list(principal.user.id);
  return {
    body: {
      sessions: records.map(({ id, createdAt, lastUsedAt, address, userAgent }) => ({
        id,
        current: id === principal.session.sessionId,
        createdAt: isoTime(createdAt),
        lastUsedAt: isoTime(lastUsedAt),
        address,
        userAgent,
      })),
    },
  };
}

/** Another user's session is as unknown as one that never was. */
export async function endSession(
  { sessions }: Pick<Services, 'sessions'>,
  { params, principal, origin }: Call<undefined, undefined, typeof sessionParams, 'account:write'>,
): Promise<Answer<undefined>> {
  if (!(await sessions.end(principal.user.id, params.id, origin))) throw new Problem('not_found');
  return { body: undefined };
}
