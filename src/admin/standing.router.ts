import { type AnyEndpoint, endpoint } from '../http/endpoint';
import type { Services } from '../services';
import * as controller from './standing.controller';
import { adminUser, standingChange, userParams } from './users.schemas';

/** What an admin may do to a user: `/api/v1/admin/users/:id` */
export const standingEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'patch',
    path: '/admin/users/:id',
    name: 'changeStanding',
    summary: 'Change the role of a user, or disable one',
    description:
      'In force from the next request on, on every instance. A disabling ends every session, and ends by itself at `disabledUntil`.',
    access: 'users:write',
    fresh: true,
    params: userParams,
    body: standingChange,
    status: 200,
    response: adminUser,
    errors: ['not_found', 'last_admin'],
    handler: controller.changeStanding,
  }),
  endpoint({
    method: 'delete',
    path: '/admin/users/:id',
    name: 'removeUser',
    summary: 'Remove a user',
    description: 'Every session ends. Of the account only its id remains, in the audit trail.',
    access: 'users:write',
    fresh: true,
    params: userParams,
    status: 204,
    response: undefined,
    errors: ['not_found', 'last_admin'],
    handler: controller.removeUser,
  }),
  endpoint({
    method: 'post',
    path: '/admin/users/:id/logout',
    name: 'logOutUser',
    summary: 'End every session of a user',
    access: 'users:write',
    params: userParams,
    status: 204,
    response: undefined,
    errors: ['not_found'],
    handler: controller.logOutUser,
  }),
  endpoint({
    method: 'post',
    path: '/admin/users/:id/password-reset',
    name: 'startPasswordReset',
    summary: 'Mail a user a code for a new password',
    description: 'An admin never sees or sets a password.',
    access: 'users:write',
    params: userParams,
    limits: [{ policy: 'mail' }],
    status: 202,
    response: undefined,
    errors: ['not_found'],
    handler: controller.startPasswordReset,
  }),
];
