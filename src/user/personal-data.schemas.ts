import { z } from 'zod';
import { clientAddress, id, requestId, timestamp, user, userAgent } from '../http/schemas';

const time = timestamp.nullable();
/** An example of what has not happened. */
const NEVER = { examples: [null] };

/** Everything that is held about a user, but for secrets. Its audit events come last, and are sent as they are read. */
export const personalDataExport = z
  .object({
    exportedAt: timestamp,
    user: user.extend({
      registeredAt: timestamp,
      emailVerifiedAt: time,
      lastLoginAt: time,
      disabledAt: time.meta(NEVER),
      disabledUntil: time.meta(NEVER),
      disabledReason: z.string().nullable().meta(NEVER),
    }),
    sessions: z.array(
      z.object({
        id,
        createdAt: timestamp,
        lastUsedAt: timestamp,
        expiresAt: timestamp,
        revokedAt: time.meta(NEVER),
        address: clientAddress,
        userAgent,
      }),
    ),
    knownAddresses: z.array(z.object({ address: clientAddress, lastSeenAt: timestamp })),
    emailChanges: z.array(
      z.object({
        fromEmail: z.string().meta({ examples: ['ada@example.com'] }),
        toEmail: z.string().meta({ examples: ['ada.lovelace@example.com'] }),
        requestedAt: timestamp,
        confirmedAt: time,
        undoneAt: time.meta(NEVER),
      }),
    ),
    waitingMails: z.array(
      z.object({ kind: z.string().meta({ examples: ['LOGIN_CODE'] }), createdAt: timestamp }),
    ),
    auditEvents: z.array(
      z.object({
        id,
        at: timestamp,
        type: z.string().meta({ examples: ['authn_login_success'] }),
        outcome: z.string().meta({ examples: ['success'] }),
        actorId: id.nullable(),
        subjectId: id.nullable(),
        address: clientAddress
          .nullable()
          .meta({ description: 'Of the user; null where somebody else acted' }),
        requestId,
        details: z.record(z.string(), z.unknown()).meta({ examples: [{ method: 'password' }] }),
      }),
    ),
  })
  .meta({ id: 'PersonalData' });
