import { type AnyEndpoint, endpoint } from '../http/endpoint';
import type { Services } from '../services';
import * as controller from './allowlist.controller';
import * as schemas from './allowlist.schemas';

/** `/api/v1/admin/allowlist` */
export const allowlistEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/admin/allowlist',
    name: 'showAllowlist',
    summary: 'Show the addresses that the admin surface lets in',
    description:
      'Without an entry it lets in all. An expired entry admits nobody and keeps the list in force.',
    access: 'allowlist:read',
    status: 200,
    response: schemas.allowlist,
    errors: [],
    handler: controller.showAllowlist,
  }),
  endpoint({
    method: 'post',
    path: '/admin/allowlist',
    name: 'addToAllowlist',
    summary: 'Let in an address or a network',
    description:
      'In force on every instance within 2 s. Refused if no lasting entry would cover your own address.',
    access: 'allowlist:write',
    fresh: true,
    body: schemas.allowlistAddition,
    status: 201,
    response: schemas.allowlistEntry,
    errors: ['would_lock_out'],
    handler: controller.addToAllowlist,
  }),
  endpoint({
    method: 'delete',
    path: '/admin/allowlist/:id',
    name: 'removeFromAllowlist',
    summary: 'Remove an entry',
    access: 'allowlist:write',
    fresh: true,
    params: schemas.allowlistParams,
    status: 204,
    response: undefined,
    errors: ['not_found', 'would_lock_out'],
    handler: controller.removeFromAllowlist,
  }),
  endpoint({
    method: 'delete',
    path: '/admin/allowlist',
    name: 'openAllowlist',
    summary: 'Empty the list: the admin surface lets in all addresses again',
    access: 'allowlist:write',
    fresh: true,
    query: schemas.allowlistOpening,
    status: 204,
    response: undefined,
    errors: [],
    handler: controller.openAllowlist,
  }),
];
