import { z } from 'zod';
import { id, storedText, timestamp } from '../http/schemas';
import { parseNetwork } from '../limits/network';

/** An address or a network, read into its canonical form. */
const network = z
  .string()
  .max(64, 'must be an IPv4 or IPv6 address or CIDR')
  .transform((value, context) => {
    const parsed = parseNetwork(value);
    if (parsed !== undefined) return parsed;
    context.addIssue({ code: 'custom', message: 'must be an IPv4 or IPv6 address or CIDR' });
    return z.NEVER;
  })
  .meta({ examples: ['192.0.2.0/24', '2001:db8::/32'] });

const TEN_YEARS_SECONDS = 315_360_000;

export const allowlistAddition = z
  .strictObject({
    cidr: network,
    ttl: z
      .int()
      .min(1)
      .max(TEN_YEARS_SECONDS)
      .meta({ description: 'Seconds; lasting without', examples: [86_400] })
      .optional(),
    note: storedText().max(200).optional(),
  })
  .meta({
    id: 'AllowlistAddition',
    // An entry that covers its author, as the first one has to.
    examples: [{ cidr: '127.0.0.0/8', note: 'This machine' }],
  });

export const allowlistEntry = z
  .object({
    id,
    cidr: z.string().meta({ examples: ['127.0.0.0/8'] }),
    note: z
      .string()
      .nullable()
      .meta({ examples: ['This machine'] }),
    expiresAt: timestamp.nullable().meta({ description: 'Null for a lasting entry', examples: [null] }),
  })
  .meta({ id: 'AllowlistEntry' });

export const allowlist = z.object({ active: z.boolean(), entries: z.array(allowlistEntry) });

export const allowlistParams = z.object({ id });

/** Said twice, so that a call that lost its id does not open everything. */
export const allowlistOpening = z.strictObject({ open: z.literal('true') });
