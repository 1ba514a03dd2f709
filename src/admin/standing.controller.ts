import type { Answer, Call } from '../http/endpoint';
import { Problem, refuseMember } from '../http/problem';
import type { Services } from '../services';
import { adminUserBody } from './users.representation';
import type { adminUser, standingChange, userParams } from './users.schemas';

type Params = typeof userParams;

/** Role and disabling: in force from the next request on, on every instance. */
export async function changeStanding(
  { standings, sessions, clock }: Pick<Services, 'standings' | 'sessions' | 'clock'>,
  { body, params, origin }: Call<typeof standingChange, undefined, Params, 'users:write'>,
): Promise<Answer<typeof adminUser>> {
  const { id } = params;
  if (typeof body.disabledUntil === 'number' && body.disabledUntil <= clock.now()) {
    refuseMember('disabledUntil', 'must be in the future');
  }
  const changed = await sessions.changingStanding(id, () => standings.change(id, body, origin));
  switch (changed.outcome) {
    case 'changed':
      return { body: adminUserBody(changed.user) };
    case 'unknown':
      throw new Problem('not_found');
    case 'last_admin':
      throw new Problem('last_admin');
    case 'pending':
      return refuseMember('role', 'cannot be changed before the e-mail is proved');
    case 'not_disabled':
      return refuseMember('disabled', 'must be true where an end or a reason is given');
  }
}

export async function removeUser(
  { standings, sessions }: Pick<Services, 'standings' | 'sessions'>,
  { params, origin }: Call<undefined, undefined, Params, 'users:write'>,
): Promise<Answer<undefined>> {
  const { id } = params;
  const { outcome } = await sessions.changingStanding(id, () => standings.remove(id, origin));
  if (outcome === 'last_admin') throw new Problem('last_admin');
  if (outcome === 'unknown') throw new Problem('not_found');
  return { body: undefined };
}

export async function logOutUser(
  { accounts, sessions }: Pick<Services, 'accounts' | 'sessions'>,
  { params, origin }: Call<undefined, undefined, Params, 'users:write'>,
): Promise<Answer<undefined>> {
  if ((await accounts.find(params.id)) === undefined) throw new Problem('not_found');
  await sessions.endAll(params.id, origin);
  return { body: undefined };
}

/** Mails the user a code: an admin never sees or sets a password. */
export async function startPasswordReset(
  { standings, outbox }: Pick<Services, 'standings' | 'outbox'>,
  { params, origin }: Call<undefined, undefined, Params, 'users:write'>,
): Promise<Answer<undefined>> {
  if (!(await standings.startPasswordReset(params.id, origin))) throw new Problem('not_found');
  outbox.wake();
  return { body: undefined };
}
