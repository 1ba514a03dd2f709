import type { output } from 'zod';
import { isoTime, userBody } from '../http/representations';
import type { DirectoryUser } from '../stores/user-directory/user-directory';
import type { adminUser } from './users.schemas';

/** A user as an admin sees one. */
export function adminUserBody(user: DirectoryUser): output<typeof adminUser> {
  const { status, disabledUntil, disabledReason, lastLoginAt } = user;
  const time = (at: number | null) => (at === null ? null : isoTime(at));
  return {
    ...userBody(user),
    status,
    disabledUntil: time(disabledUntil),
    disabledReason,
    lastLoginAt: time(lastLoginAt),
  };
}
