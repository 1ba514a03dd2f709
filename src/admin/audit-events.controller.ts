import type { output } from 'zod';
import type { Answer, Call } from '../http/endpoint';
import { isoTime } from '../http/representations';
import { ndjson } from '../http/streaming';
import type { Services } from '../services';
import type { BegunExport } from '../stores/audit/audit-exports';
import type { AuditRange } from '../stores/audit/audit-reader';
import type { AuditEvent, Origin } from '../stores/audit/audit-store';
import {
  auditEvent,
  type auditExportQuery,
  type auditPage,
  type auditQuery,
  cursorOf,
} from './audit-events.schemas';

/** Milliseconds that the clock of another instance may be ahead of this one's. */
const CLOCKS_APART_MS = 60_000;

export async function listAuditEvents(
  { auditReader }: Pick<Services, 'auditReader'>,
  { query }: Call<undefined, typeof auditQuery, undefined, 'audit:read'>,
): Promise<Answer<typeof auditPage>> {
  const { cursor: after, ...rest } = query;
  const { events, more } = await auditReader.list({ ...rest, after });
  const last = events.at(-1);
  return {
    body: {
      events: events.map(eventBody),
      nextCursor: more && last !== undefined ? cursorOf(last.id) : null,
    },
  };
}

type ExportServices = Pick<Services, 'auditReader' | 'auditExports' | 'clock'>;

/** The oldest first. Counts as an export, and so for the removal of old events, once all of it is out. */
export async function exportAuditEvents(
  services: ExportServices,
  { query, origin }: Call<undefined, typeof auditExportQuery, undefined, 'audit:read'>,
): Promise<Answer<typeof auditEvent>> {
  const now = services.clock.now();
  const { from = 0, to = Number.POSITIVE_INFINITY } = query;
  // What it holds of times to come will not be all that comes to be: it is not said to cover them.
  const begun = await services.auditExports.begin({ from, to: Math.min(to, now) }, origin);
  const range = { from: query.from, to: Math.min(to, now + CLOCKS_APART_MS) };
  return { stream: exported(services, range, begun, origin) };
}

async function* exported(
  { auditReader, auditExports }: ExportServices,
  range: AuditRange,
  begun: BegunExport,
  origin: Origin,
): AsyncGenerator<string> {
  let events = 0;
  const bodies = async function* () {
    for await (const batch of auditReader.walk(range)) {
      events += batch.length;
      yield batch.map(eventBody);
    }
  };
  yield* ndjson(auditEvent, bodies());
  // The last piece is out. If this fails the answer is cut short, and its client knows that it counts for nothing.
  await auditExports.complete(begun, events, origin);
}

function eventBody({ at, ...event }: AuditEvent): output<typeof auditEvent> {
  return { ...event, at: isoTime(at) };
}
