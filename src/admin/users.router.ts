import { type AnyEndpoint, endpoint } from '../http/endpoint';
import type { Services } from '../services';
import { listUsers, showUser } from './users.controller';
import { adminUser, userPage, userParams, userQuery } from './users.schemas';

/** Looking users up: `/api/v1/admin/users` */
export const userDirectoryEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/admin/users',
    name: 'listUsers',
    summary: 'List and search users',
    description:
      'Newest first. `q` finds by e-mail (exact or its beginning) and by name (its beginning, or alike), the best first. `nextCursor` leads to the next page of the same search.',
    access: 'users:read',
    query: userQuery,
    status: 200,
    response: userPage,
    errors: [],
    handler: listUsers,
  }),
  endpoint({
    method: 'get',
    path: '/admin/users/:id',
    name: 'showUser',
    summary: 'Show a user',
    access: 'users:read',
    params: userParams,
    status: 200,
    response: adminUser,
    errors: ['not_found'],
    handler: showUser,
  }),
];
