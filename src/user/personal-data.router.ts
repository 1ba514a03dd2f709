import { type AnyEndpoint, endpoint } from '../http/endpoint';
import type { Services } from '../services';
import { exportMe } from './personal-data.controller';
import { personalDataExport } from './personal-data.schemas';

/** Everything that is held about the signed-in user. */
export const personalDataEndpoints: readonly AnyEndpoint<Services>[] = [
  endpoint({
    method: 'get',
    path: '/users/me/export',
    name: 'exportMe',
    summary: 'Get everything that is held about you',
    description: 'But for secrets: hashes, keys, codes and tokens.',
    access: 'account:read',
    status: 200,
    response: personalDataExport,
    errors: [],
    handler: exportMe,
  }),
];
