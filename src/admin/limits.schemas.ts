import { z } from 'zod';
import { email, timestamp } from '../http/schemas';
import { clientAddress, UNKNOWN_ADDRESS } from '../limits/client-address';
import { MAX_CAPACITY, POLICY_NAMES, REFILL } from '../limits/policies';

const MODES = ['enforce', 'shadow'] as const;
const DAY_SECONDS = 86_400;

const policyName = z.enum(POLICY_NAMES).meta({ examples: ['login'] });

export const limitPolicy = z
  .object({
    name: policyName,
    capacity: z.int().meta({ examples: [20] }),
    refillPerSecond: z.number().meta({ examples: [4] }),
    mode: z.enum(MODES),
    modeUntil: timestamp.nullable().meta({ description: 'End of the shadow', examples: [null] }),
    key: z.string().meta({ description: 'What its buckets are kept for', examples: ['address'] }),
  })
  .meta({ id: 'LimitPolicy' });

export const limitPolicies = z.object({ policies: z.array(limitPolicy) });

/** A client's address as limits go by it; the /64 of an IPv6 address may also be written as the audit trail does. */
const address = z
  .string()
  .max(64, 'must be an IPv4 or IPv6 address')
  .transform((value, context) => {
    const parsed = clientAddress(value.replace(/::\/64$/, '::'));
    if (parsed !== UNKNOWN_ADDRESS) return parsed;
    context.addIssue({ code: 'custom', message: 'must be an IPv4 or IPv6 address' });
    return z.NEVER;
  })
  .meta({ examples: ['192.0.2.7', '2001:db8::7'] });

/** Whose buckets are meant: those kept for a pair as well where both are given. */
export const bucketOwner = z
  .strictObject({ address: address.optional(), email: email.optional() })
  .refine((owner) => owner.address !== undefined || owner.email !== undefined, {
    message: 'must name an address or an e-mail',
  });

export const explainedBuckets = z.object({
  buckets: z.array(
    z.object({
      policy: policyName,
      remaining: z.int().meta({ examples: [0] }),
      capacity: z.int().meta({ examples: [10] }),
      blockedSince: timestamp
        .nullable()
        .meta({ description: 'Of the first refusal since it let one through' }),
      opensAt: timestamp.nullable().meta({ description: 'When the next token comes, where none is left' }),
    }),
  ),
});

export const policyParams = z.object({ policy: policyName });

export const policyChange = z
  .strictObject({
    capacity: z.int().min(1).max(MAX_CAPACITY).nullable().optional(),
    refillPerSecond: z.number().min(REFILL.least).max(REFILL.most).nullable().optional(),
    mode: z.enum(MODES).nullable().optional(),
    ttl: z
      .int()
      .min(1)
      .max(DAY_SECONDS)
      .meta({ description: 'Seconds that the shadow lasts; with `shadow`, and with nothing else' })
      .optional(),
  })
  .superRefine(({ mode, ttl, ...rate }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (mode === 'shadow' && ttl === undefined) refuse(['ttl'], 'is needed with mode "shadow"');
    if (mode !== 'shadow' && ttl !== undefined) refuse(['ttl'], 'goes with mode "shadow" alone');
    if (mode === undefined && ttl === undefined && Object.keys(rate).length === 0) {
      refuse([], 'must name a change; null returns to the setting');
    }
  })
  .meta({
    id: 'LimitPolicyChange',
    examples: [
      { capacity: 20, refillPerSecond: 4 },
      { mode: 'shadow', ttl: 3_600 },
    ],
  });
