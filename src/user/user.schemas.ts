import { z } from 'zod';
import { clientAddress, id, presentedPassword, timestamp, user, userAgent, username } from '../http/schemas';

/** What a guest sees of itself has two members; strict, so that a user is never taken for one. */
export const me = z.union([user, z.strictObject({ id, role: z.literal('GUEST') })]);

export const profileChange = z.strictObject({ username }).meta({ id: 'ProfileChange' });

export const passwordChange = z
  .strictObject({ currentPassword: presentedPassword, newPassword: presentedPassword })
  .meta({
    id: 'PasswordChange',
    examples: [{ currentPassword: 'violet-lantern-47', newPassword: 'copper-harbour-93' }],
  });

export const accountRemoval = z.strictObject({ password: presentedPassword });

export const sessionParams = z.object({ id });

export const sessionList = z.object({
  sessions: z.array(
    z
      .object({
        id,
        current: z.boolean(),
        createdAt: timestamp,
        lastUsedAt: timestamp,
        address: clientAddress,
        userAgent,
      })
      .meta({ id: 'Session' }),
  ),
});
