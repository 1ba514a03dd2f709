import { type AnyEndpoint, endpoint } from '../http/endpoint';
import type { Services } from '../services';
import * as controller from './limits.controller';
import * as schemas from './limits.schemas';

/** `/api/v1/admin/limits` */
export const limitEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/admin/limits',
    name: 'showLimits',
    summary: 'Show the limits in force',
    access: 'limits:read',
    status: 200,
    response: schemas.limitPolicies,
    errors: [],
    handler: controller.showLimits,
  }),
  endpoint({
    method: 'get',
    path: '/admin/limits/explain',
    name: 'explainLimits',
    summary: 'Show how the limits of an address or an e-mail stand',
    description:
      'Charges nothing. Buckets of a pair come only when both are given; an IPv6 address means its /64. A limit in shadow blocks nobody.',
    access: 'limits:read',
    query: schemas.bucketOwner,
    status: 200,
    response: schemas.explainedBuckets,
    errors: [],
    handler: controller.explainLimits,
  }),
  endpoint({
    method: 'post',
    path: '/admin/limits/release',
    name: 'releaseLimits',
    summary: 'Fill the limits of an address or an e-mail again',
    description: 'The same buckets that `GET /admin/limits/explain` shows.',
    access: 'limits:write',
    fresh: true,
    body: schemas.bucketOwner,
    status: 204,
    response: undefined,
    errors: [],
    handler: controller.releaseLimits,
  }),
  endpoint({
    method: 'patch',
    path: '/admin/limits/:policy',
    name: 'changeLimit',
    summary: 'Change a limit while the service runs',
    description:
      'In force on every instance within 2 s, also after a restart; `null` returns to the setting. In shadow a limit counts and reports, and blocks nobody; that ends by itself after `ttl`.',
    access: 'limits:write',
    fresh: true,
    params: schemas.policyParams,
    body: schemas.policyChange,
    status: 200,
    response: schemas.limitPolicy,
    errors: [],
    handler: controller.changeLimit,
  }),
];
