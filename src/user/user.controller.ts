import { assertPassword, type PasswordServices } from '../http/assert-password';
import type { Answer, Call } from '../http/endpoint';
import { Problem, refuseMember } from '../http/problem';
import { isoTime, userBody } from '../http/representations';
import type { user } from '../http/schemas';
import type { Services } from '../services';
import type {
  accountRemoval,
  me,
  passwordChange,
  profileChange,
  sessionList,
  sessionParams,
} from './user.schemas';

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

/** Sets a new password; the session that asks goes on, the others end. */
export async function changePassword(
  services: PasswordServices & Pick<Services, 'credentials' | 'passwordPolicy' | 'sessions' | 'outbox'>,
  {
    body,
    principal,
    origin,
    guessFailed,
  }: Call<typeof passwordChange, undefined, undefined, 'account:write'>,
): Promise<Answer<undefined>> {
  const { credentials, passwordHasher, passwordPolicy, sessions, outbox } = services;
  const { user: holder, session } = principal;
  // Before the hash is compared: what the policy says tells nothing of the current one.
  refuseMember('newPassword', passwordPolicy.check(body.newPassword, holder));
  const account = await assertPassword(services, { principal, origin, guessFailed }, body.currentPassword);
  const passwordHash = await passwordHasher.hash(body.newPassword);
  const change = async () => {
    const { id, credentialVersion } = account;
    const changed = await credentials.changePassword(
      id,
      credentialVersion,
      passwordHash,
      session.sessionId,
      origin,
    );
    // Another change came first: the password that was given is not the current one any more.
    if (changed.outcome === 'stale') throw new Problem('wrong_password');
    return changed;
  };
  await sessions.endingAll(holder.id, change, session.sessionId);
  outbox.wake();
  return { body: undefined };
}

/** Removes the account, and all that is kept of it but its id in the audit trail. */
export async function removeMe(
  services: PasswordServices & Pick<Services, 'standings' | 'sessions'>,
  {
    body,
    principal,
    origin,
    guessFailed,
  }: Call<typeof accountRemoval, undefined, undefined, 'account:write'>,
): Promise<Answer<undefined>> {
  const { standings, sessions } = services;
  const userId = principal.user.id;
  const { credentialVersion } = await assertPassword(
    services,
    { principal, origin, guessFailed },
    body.password,
  );
  const remove = () => standings.remove(userId, origin, credentialVersion);
  const { outcome } = await sessions.changingStanding(userId, remove);
  if (outcome === 'last_admin') throw new Problem('last_admin');
  if (outcome === 'stale') throw new Problem('wrong_password');
  if (outcome === 'unknown') throw new Problem('invalid_token');
  return { body: undefined };
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
