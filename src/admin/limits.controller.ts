import type { output } from 'zod';
import type { Answer, Call } from '../http/endpoint';
import { isoTime } from '../http/representations';
import { type BucketOwner, bucketsOf } from '../limits/bucket-keys';
import { POLICIES, type PolicyName } from '../limits/policies';
import type { PolicyInForce } from '../limits/policies-in-force';
import type { Services } from '../services';
import type {
  bucketOwner,
  explainedBuckets,
  limitPolicies,
  limitPolicy,
  policyChange,
  policyParams,
} from './limits.schemas';

export async function showLimits({
  policiesInForce,
}: Pick<Services, 'policiesInForce'>): Promise<Answer<typeof limitPolicies>> {
  return {
    body: { policies: policiesInForce.all().map(({ name, ...inForce }) => policyBody(name, inForce)) },
  };
}

/** How the buckets of an address, an e-mail and the pair stand. Charges nothing. */
export async function explainLimits(
  { accounts, limiter }: Pick<Services, 'accounts' | 'limiter'>,
  { query }: Call<undefined, typeof bucketOwner, undefined, 'limits:read'>,
): Promise<Answer<typeof explainedBuckets>> {
  const buckets = await limiter.explain(bucketsOf(await withAccount(accounts, query)));
  return {
    body: {
      buckets: buckets.map(({ policy, remaining, capacity, refusingSince, opensAt }) => ({
        policy,
        remaining,
        capacity,
        blockedSince: timeOrNull(refusingSince),
        opensAt: timeOrNull(opensAt),
      })),
    },
  };
}

/** Makes those buckets full again. Who was released is told by the account's id, never by the e-mail or the address. */
export async function releaseLimits(
  { accounts, limiter, audit }: Pick<Services, 'accounts' | 'limiter' | 'audit'>,
  { body, origin }: Call<typeof bucketOwner, undefined, undefined, 'limits:write'>,
): Promise<Answer<undefined>> {
  const owner = await withAccount(accounts, body);
  const act = {
    type: 'authz_admin',
    subjectId: owner.userId ?? null,
    details: {
      what: 'limits released',
      address: owner.address !== undefined,
      email: owner.email !== undefined,
    },
  } as const;
  // The buckets lie in no transaction: told before, and again when it is done.
  await audit.record(origin, { ...act, outcome: 'attempted' });
  await limiter.release(bucketsOf(owner));
  await audit.record(origin, act);
  return { body: undefined };
}

/** In force on every instance within two seconds, on this one at once. */
export async function changeLimit(
  { policiesInForce, clock }: Pick<Services, 'policiesInForce' | 'clock'>,
  { body, params, origin }: Call<typeof policyChange, undefined, typeof policyParams, 'limits:write'>,
): Promise<Answer<typeof limitPolicy>> {
  const { mode, ttl = 0, ...rate } = body;
  const shadowUntil = mode === 'shadow' ? clock.now() + ttl * 1_000 : null;
  const change = mode === undefined ? rate : { ...rate, shadowUntil };
  const inForce = await policiesInForce.change(params.policy, change, origin);
  return { body: policyBody(params.policy, inForce) };
}

async function withAccount(
  accounts: Services['accounts'],
  { address, email }: output<typeof bucketOwner>,
): Promise<BucketOwner> {
  const account = email === undefined ? undefined : await accounts.findByEmail(email);
  return { address, email, userId: account?.id };
}

function policyBody(
  name: PolicyName,
  { capacity, refillPerSecond, mode, modeUntil }: PolicyInForce,
): output<typeof limitPolicy> {
  const { key } = POLICIES[name];
  return { name, capacity, refillPerSecond, mode, modeUntil: timeOrNull(modeUntil), key };
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
