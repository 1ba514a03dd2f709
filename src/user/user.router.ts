import { type AnyEndpoint, endpoint } from '../http/endpoint';
import { user } from '../http/schemas';
import type { Services } from '../services';
import { changeMe, endSession, listSessions, showMe } from './user.controller';
import { me, profileChange, sessionList, sessionParams } from './user.schemas';

/** `/api/v1/users` */
export const userEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/users/me',
    name: 'showMe',
    summary: 'Show the signed-in user',
    description: 'A guest token shows `{id, role}`.',
    access: 'identity:read',
    status: 200,
    response: me,
    errors: [],
    handler: showMe,
  }),
  endpoint({
    method: 'patch',
    path: '/users/me',
    name: 'changeMe',
    summary: 'Change the name to show',
    access: 'account:write',
    body: profileChange,
    status: 200,
    response: user,
    errors: [],
    handler: changeMe,
  }),
  endpoint({
    method: 'get',
    path: '/users/me/sessions',
    name: 'listSessions',
    summary: 'List the live sessions',
    access: 'account:read',
    status: 200,
    response: sessionList,
    errors: [],
    handler: listSessions,
  }),
  endpoint({
    method: 'delete',
    path: '/users/me/sessions/:id',
    name: 'endSession',
    summary: 'End one of the sessions',
    access: 'account:write',
    params: sessionParams,
    status: 204,
    response: undefined,
    errors: ['not_found'],
    handler: endSession,
  }),
];
