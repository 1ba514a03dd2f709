import { z } from 'zod';
import { id, pageLimit, storedText, timestamp, user } from '../http/schemas';
import { MAX_CURSOR_LENGTH } from '../stores/user-directory/directory-cursor';

const STATUSES = ['active', 'disabled', 'pending'] as const;

const NOT_DISABLED = { examples: [null] };

export const adminUser = user
  .extend({
    status: z.enum(STATUSES),
    disabledUntil: timestamp.nullable().meta(NOT_DISABLED),
    disabledReason: z.string().nullable().meta(NOT_DISABLED),
    lastLoginAt: timestamp.nullable(),
  })
  .meta({ id: 'AdminUser' });

export const userParams = z.object({ id });

/** Opaque, and good for one search alone. */
const CURSOR = {
  description: 'A `nextCursor` of the same search',
  examples: ['WyJmMWQyIiwwLCIiLCIwMTk4MWI1ZSIsW10sMF0'],
};

export const userQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(MAX_CURSOR_LENGTH).meta(CURSOR).optional(),
  q: storedText()
    .trim()
    .min(1)
    .max(254)
    .meta({ examples: ['ada'] })
    .optional(),
  role: z.enum(['USER', 'ADMIN']).optional(),
  status: z.enum(STATUSES).optional(),
});

export const userPage = z.object({
  users: z.array(adminUser),
  nextCursor: z.string().nullable().meta(CURSOR),
});

export const standingChange = z
  .strictObject({
    role: z.enum(['USER', 'ADMIN']).optional(),
    disabled: z.boolean().optional(),
    disabledUntil: z.iso
      .datetime()
      .transform((time) => Date.parse(time))
      .nullable()
      .optional(),
    disabledReason: storedText().max(500).nullable().optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'must name a change')
  .meta({
    id: 'StandingChange',
    examples: [{ disabled: true, disabledReason: 'Asked for by the owner' }],
  });
