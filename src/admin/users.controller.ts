import type { Answer, Call } from '../http/endpoint';
import { Problem, refuseMember } from '../http/problem';
import type { Services } from '../services';
import { decodeCursor } from '../stores/user-directory/directory-cursor';
import { adminUserBody } from './users.representation';
import type { adminUser, userPage, userParams, userQuery } from './users.schemas';

type Uses = Pick<Services, 'userDirectory'>;

export async function listUsers(
  { userDirectory }: Uses,
  { query }: Call<undefined, typeof userQuery, undefined, 'users:read'>,
): Promise<Answer<typeof userPage>> {
  const { limit, cursor, ...filter } = query;
  const after = cursor === undefined ? undefined : decodeCursor(cursor, filter);
  if (cursor !== undefined && after === undefined) refuseMember('cursor', 'is not one of this search');
  const { users, nextCursor } = await userDirectory.list({ limit, after, ...filter });
  return { body: { users: users.map(adminUserBody), nextCursor } };
}

export async function showUser(
  { userDirectory }: Uses,
  { params }: Call<undefined, undefined, typeof userParams, 'users:read'>,
): Promise<Answer<typeof adminUser>> {
  const user = await userDirectory.find(params.id);
  if (user === undefined) throw new Problem('not_found');
  return { body: adminUserBody(user) };
}
