import { z } from 'zod';
import { id, pageLimit, storedText, timestamp, user } from '../http/schemas';
import { MAX_CURSOR_LENGTH } from '../stores/user-directory/directory-cursor';

const STATUSES = ['active', 'disabled', 'pending'] as const;

export const adminUser = user
  .extend({
    status: z.enum(STATUSES),
    disabledUntil: timestamp.nullable(),
    disabledReason: z.string().nullable(),
    lastLoginAt: timestamp.nullable(),
  })
  .meta({ id: 'AdminUser' });

export const userParams = z.object({ id });

export const userQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().max(MAX_CURSOR_LENGTH).optional(),
  q: storedText().trim().min(1).max(254).optional(),
  role: z.enum(['USER', 'ADMIN']).optional(),
  status: z.enum(STATUSES).optional(),
});

export const userPage = z.object({ users: z.array(adminUser), nextCursor: z.string().nullable() });

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
  .meta({ id: 'StandingChange' });
