import type { AnyEndpoint } from '../http/endpoint';
import type { Services } from '../services';
import { allowlistEndpoints } from './allowlist.router';

/** `/api/v1/admin` */
export const adminEndpoints: readonly AnyEndpoint<Services>[] = [...allowlistEndpoints];
