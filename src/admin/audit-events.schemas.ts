import { z } from 'zod';
import { clientAddress, id, requestId } from '../http/schemas';
import { AUDIT_TYPES } from '../stores/audit/audit-store';

/** Milliseconds since the epoch; what lies before it is the epoch. */
const time = (example: string, description: string) =>
  z.iso
    .datetime({ offset: true })
    .meta({ description, examples: [example] })
    .transform((value) => Math.max(0, Date.parse(value)))
    .optional();

const range = {
  from: time('2026-01-01T00:00:00Z', 'Inclusive'),
  to: time('2026-02-01T00:00:00Z', 'Exclusive'),
};
const inOrder = ({ from, to }: { from?: number | undefined; to?: number | undefined }) =>
  from === undefined || to === undefined || from < to;
const NOT_IN_ORDER = { path: ['to'], error: 'must be later than `from`' };

/** The place of a list: an event's id. */
const cursor = z
  .string()
  .max(64)
  .meta({ description: 'A `nextCursor`', examples: ['AZgbXnw6fVKaVQ1vL29qEQ'] })
  .transform((value, context) => {
    const hex = Buffer.from(value, 'base64url').toString('hex');
    const place = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    if (place.length === 36 && cursorOf(place) === value) return place;
    context.addIssue({ code: 'custom', message: 'is not one of this list' });
    return z.NEVER;
  });

export function cursorOf(eventId: string): string {
  return Buffer.from(eventId.replaceAll('-', ''), 'hex').toString('base64url');
}

export const auditQuery = z
  .strictObject({
    limit: z.coerce
      .number()
      .int()
      .min(1)
      .max(100)
      .default(50)
      .meta({ examples: [50] }),
    cursor: cursor.optional(),
    userId: id.meta({ description: 'Who acted, or whom it happened to' }).optional(),
    type: z.enum(AUDIT_TYPES).optional(),
    ...range,
  })
  .refine(inOrder, NOT_IN_ORDER);

export const auditExportQuery = z.strictObject(range).refine(inOrder, NOT_IN_ORDER);

const uuid = z.string().meta({ format: 'uuid', examples: ['01981b5e-7c3a-7d52-9a55-0d6f2f6f6a11'] });

/** Not held against what is written now: what lies in the table is shown, whoever wrote it. */
export const auditEvent = z
  .object({
    id: uuid,
    at: z.string().meta({ format: 'date-time', examples: ['2026-01-31T09:30:00.000Z'] }),
    type: z.string().meta({ examples: [...AUDIT_TYPES] }),
    outcome: z.string().meta({ examples: ['success', 'failure', 'attempted'] }),
    actorId: uuid.nullable(),
    subjectId: uuid.nullable(),
    address: clientAddress.nullable().meta({ description: 'Null once the user is gone whose it was' }),
    requestId,
    details: z.record(z.string(), z.unknown()).meta({ examples: [{ method: 'password' }] }),
  })
  .meta({ id: 'AuditEvent' });

export const auditPage = z.object({
  events: z.array(auditEvent),
  nextCursor: z
    .string()
    .nullable()
    .meta({ examples: ['AZgbXnw6fVKaVQ1vL29qEQ'] }),
});
