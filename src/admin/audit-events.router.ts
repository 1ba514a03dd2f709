import { type AnyEndpoint, endpoint } from '../http/endpoint';
import type { Services } from '../services';
import * as controller from './audit-events.controller';
import * as schemas from './audit-events.schemas';

/** `/api/v1/admin/audit-events` */
export const auditEventsEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/admin/audit-events',
    name: 'listAuditEvents',
    summary: 'List what happened, the newest first',
    access: 'audit:read',
    query: schemas.auditQuery,
    status: 200,
    response: schemas.auditPage,
    errors: [],
    handler: controller.listAuditEvents,
  }),
  endpoint({
    method: 'get',
    path: '/admin/audit-events/export',
    name: 'exportAuditEvents',
    summary: 'Export what happened, the oldest first, one event a line',
    description:
      'Streamed; an answer without its end is incomplete. A complete one counts as an export of the events that were sealed when it began: once old enough (`AUDIT_RETENTION_DAYS`) they are removed. Let the times of exports overlap by some minutes.',
    access: 'audit:read',
    query: schemas.auditExportQuery,
    status: 200,
    response: schemas.auditEvent,
    contentType: 'application/x-ndjson',
    errors: [],
    handler: controller.exportAuditEvents,
  }),
];
