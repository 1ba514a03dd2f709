import type { output } from 'zod';
import type { Answer, Call } from '../http/endpoint';
import { Problem, refuseMember } from '../http/problem';
import { isoTime } from '../http/representations';
import type { Services } from '../services';
import { type AllowlistEntry, MAX_ALLOWLIST_ENTRIES } from '../stores/allowlist/allowlist-store';
import type {
  allowlistAddition,
  allowlist as allowlistBody,
  allowlistEntry,
  allowlistOpening,
  allowlistParams,
} from './allowlist.schemas';

type Uses = Pick<Services, 'allowlist'>;

export async function showAllowlist({ allowlist }: Uses): Promise<Answer<typeof allowlistBody>> {
  const entries = await allowlist.list();
  return { body: { active: entries.length > 0, entries: entries.map(entryBody) } };
}

/** A list that would not let its own author in any more is refused. */
export async function addToAllowlist(
  { allowlist }: Uses,
  { body, peer, origin }: Call<typeof allowlistAddition, undefined, undefined, 'allowlist:write'>,
): Promise<Answer<typeof allowlistEntry>> {
  const { cidr: network, note = null, ttl } = body;
  const added = await allowlist.add({ network, note, ttl }, peer, origin);
  if (added.outcome === 'refused') throw new Problem('would_lock_out');
  if (added.outcome === 'added') return { body: entryBody(added.entry) };
  return refuseMember(
    'cidr',
    `would be one more than the ${MAX_ALLOWLIST_ENTRIES} entries that there may be`,
  );
}

export async function removeFromAllowlist(
  { allowlist }: Uses,
  { params, peer, origin }: Call<undefined, undefined, typeof allowlistParams, 'allowlist:write'>,
): Promise<Answer<undefined>> {
  const outcome = await allowlist.remove(params.id, peer, origin);
  if (outcome === 'unknown') throw new Problem('not_found');
  if (outcome === 'refused') throw new Problem('would_lock_out');
  return { body: undefined };
}

export async function openAllowlist(
  { allowlist }: Uses,
  { origin }: Call<undefined, typeof allowlistOpening, undefined, 'allowlist:write'>,
): Promise<Answer<undefined>> {
  await allowlist.open(origin);
  return { body: undefined };
}

function entryBody({ id, cidr, note, expiresAt }: AllowlistEntry): output<typeof allowlistEntry> {
  return { id, cidr, note, expiresAt: expiresAt === null ? null : isoTime(expiresAt) };
}
