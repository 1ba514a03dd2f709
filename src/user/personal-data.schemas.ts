import { z } from 'zod';
import { id, timestamp, user } from '../http/schemas';

const time = timestamp.nullable();

/** Everything that is held about a user, but for secrets. Its audit events come last, and are sent as they are read. */
export const personalDataExport = z
  .object({
    exportedAt: timestamp,
    user: user.extend({
      registeredAt: timestamp,
      emailVerifiedAt: time,
      lastLoginAt: time,
      disabledAt: time,
      disabledUntil: time,
      disabledReason: z.string().nullable(),
    }),
    sessions: z.array(
      z.object({
        id,
        createdAt: timestamp,
        lastUsedAt: timestamp,
        expiresAt: timestamp,
        revokedAt: time,
        address: z.string(),
        userAgent: z.string(),
      }),
    ),
    knownAddresses: z.array(z.object({ address: z.string(), lastSeenAt: timestamp })),
    emailChanges: z.array(
      z.object({
        fromEmail: z.string(),
        toEmail: z.string(),
        requestedAt: timestamp,
        confirmedAt: time,
        undoneAt: time,
      }),
    ),
    waitingMails: z.array(z.object({ kind: z.string(), createdAt: timestamp })),
    auditEvents: z.array(
      z.object({
        id,
        at: timestamp,
        type: z.string(),
        outcome: z.string(),
        actorId: id.nullable(),
        subjectId: id.nullable(),
        address: z.string().nullable().meta({ description: 'Of the user; null where somebody else acted' }),
        requestId: z.string(),
        details: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({ id: 'PersonalData' });
