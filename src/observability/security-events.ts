import type { AuditEvent } from '../stores/audit/audit-store';
import type { Logger } from './logger';

/** Tells of what matters to whoever watches for attacks, as a log line of its own. */
export function logSecurityEvent(
  logger: Logger,
  event: Omit<AuditEvent, 'id' | 'at'> & Partial<Pick<AuditEvent, 'id'>>,
): void {
  const { id: auditId, type, outcome, actorId, subjectId, address, requestId, traceId, details } = event;
  logger.info({ event: type, outcome, auditId, actorId, subjectId, address, requestId, traceId, details });
}
