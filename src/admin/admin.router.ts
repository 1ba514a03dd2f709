import type { AnyEndpoint } from '../http/endpoint';
import type { Services } from '../services';
import { allowlistEndpoints } from './allowlist.router';
import { auditEventsEndpoints } from './audit-events.router';
import { limitEndpoints } from './limits.router';
import { standingEndpoints } from './standing.router';
import { userDirectoryEndpoints } from './users.router';

/** `/api/v1/admin` */
export const adminEndpoints: readonly AnyEndpoint<Services>[] = [
  ...userDirectoryEndpoints,
  ...standingEndpoints,
  ...allowlistEndpoints,
  ...limitEndpoints,
  ...auditEventsEndpoints,
];
