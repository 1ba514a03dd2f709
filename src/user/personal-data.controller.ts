import type { output } from 'zod';
import type { Answer, Call } from '../http/endpoint';
import { Problem } from '../http/problem';
import { isoTime, userBody } from '../http/representations';
import type { Services } from '../services';
import type { AuditReader } from '../stores/audit/audit-reader';
import type { AuditEvent } from '../stores/audit/audit-store';
import type { PersonalData } from '../stores/personal-data/personal-data-store';
import { personalDataExport } from './personal-data.schemas';

type Body = output<typeof personalDataExport>;

/** Audit events read at a time. */
const BATCH = 100;

export async function exportMe(
  services: Pick<Services, 'personalData' | 'auditReader' | 'audit' | 'clock'>,
  { principal, origin }: Call<undefined, undefined, undefined, 'account:read'>,
): Promise<Answer<typeof personalDataExport>> {
  const { personalData, auditReader, audit, clock } = services;
  const userId = principal.user.id;
  const held = await personalData.read(userId);
  if (held === undefined) throw new Problem('invalid_token');
  const details = { what: 'own data exported' };
  await audit.record(origin, { type: 'sensitive_read', subjectId: userId, details });
  return { stream: pieces(bodyOf(held, clock.now()), auditReader, userId) };
}

/** One JSON object, the events of its last member as they are read. */
async function* pieces(
  body: Omit<Body, 'auditEvents'>,
  auditReader: AuditReader,
  userId: string,
): AsyncGenerator<string> {
  const { auditEvents: _, ...head } = personalDataExport.parse({ ...body, auditEvents: [] });
  yield `${JSON.stringify(head).slice(0, -1)},"auditEvents":[`;
  const event = personalDataExport.shape.auditEvents.element;
  let after: string | undefined;
  for (;;) {
    const { events, more } = await auditReader.list({ limit: BATCH, after, userId });
    const texts = events.map((each) => JSON.stringify(event.parse(eventBody(each, userId))));
    if (texts.length > 0) yield (after === undefined ? '' : ',') + texts.join(',');
    after = events.at(-1)?.id;
    if (!more || after === undefined) break;
  }
  yield ']}\n';
}

/** Where somebody else acted, the address is that person's. */
function eventBody({ at, address, ...event }: AuditEvent, userId: string): Body['auditEvents'][number] {
  const own = event.actorId === userId || event.actorId === null;
  return { ...event, at: isoTime(at), address: own ? address : null };
}

function bodyOf(held: PersonalData, now: number): Omit<Body, 'auditEvents'> {
  const { account, sessions, knownAddresses, emailChanges, waitingMails } = held;
  return {
    exportedAt: isoTime(now),
    user: {
      ...userBody(account),
      registeredAt: isoTime(account.registeredAt),
      emailVerifiedAt: time(account.emailVerifiedAt),
      lastLoginAt: time(account.lastLoginAt),
      disabledAt: time(account.disabledAt),
      disabledUntil: time(account.disabledUntil),
      disabledReason: account.disabledReason,
    },
    sessions: sessions.map(({ createdAt, lastUsedAt, expiresAt, revokedAt, ...session }) => ({
      ...session,
      createdAt: isoTime(createdAt),
      lastUsedAt: isoTime(lastUsedAt),
      expiresAt: isoTime(expiresAt),
      revokedAt: time(revokedAt),
    })),
    knownAddresses: knownAddresses.map(({ address, lastSeenAt }) => ({
      address,
      lastSeenAt: isoTime(lastSeenAt),
    })),
    emailChanges: emailChanges.map(({ requestedAt, confirmedAt, undoneAt, ...change }) => ({
      ...change,
      requestedAt: isoTime(requestedAt),
      confirmedAt: time(confirmedAt),
      undoneAt: time(undoneAt),
    })),
    waitingMails: waitingMails.map(({ kind, createdAt }) => ({ kind, createdAt: isoTime(createdAt) })),
  };
}

function time(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}
