import { PENDING_LIFETIME_MS } from '../account/account-store';
import type { Role } from '../session/session-store';
import type { DirectoryFilter, DirectoryUser } from './user-directory';

/** A user as the database has it. */
export interface DirectoryRow {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly role: Role;
  readonly emailVerifiedAt: Date | null;
  readonly disabledAt: Date | null;
  readonly disabledUntil: Date | null;
  readonly disabledReason: string | null;
  readonly lastLoginAt: Date | null;
  readonly registeredAt: Date;
  readonly createdAt: Date;
}

/** Undefined for a registration that was not proven in time. `now` in milliseconds since the epoch. */
export function directoryUserOf(row: DirectoryRow, now: number): DirectoryUser | undefined {
  const pending = row.emailVerifiedAt === null;
  if (pending && row.registeredAt.getTime() <= now - PENDING_LIFETIME_MS) return undefined;
  const until = row.disabledUntil?.getTime() ?? null;
  const disabled = row.disabledAt !== null && (until === null || until > now);
  return {
    id: row.id,
    email: row.email,
    username: row.username,
    role: row.role,
    emailVerified: !pending,
    createdAt: row.createdAt.getTime(),
    status: disabled ? 'disabled' : pending ? 'pending' : 'active',
    disabledUntil: disabled ? until : null,
    disabledReason: disabled ? row.disabledReason : null,
    lastLoginAt: row.lastLoginAt?.getTime() ?? null,
  };
}

const ADMIN = 1;
const DISABLED = 2;
const PENDING = 4;

/**
 * The segments (`user_segment` in the database) that may hold users of the filter. They know no time, so what is found
 * there is still to be asked for its status: a disabling may have ended.
 */
export function segmentsOf({ role, status }: DirectoryFilter): number[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].filter((segment) => {
    if (role !== undefined && (role === 'ADMIN') !== Boolean(segment & ADMIN)) return false;
    if (status === 'disabled') return Boolean(segment & DISABLED);
    return status === undefined || (status === 'pending') === Boolean(segment & PENDING);
  });
}
