import type { Role } from '../session/session-store';
import type { DirectoryPlace } from './directory-cursor';

/** `disabled` counts before `pending`; a disabling that has ended counts no more. */
export type UserStatus = 'active' | 'disabled' | 'pending';

/** A user as admins see it. Times are milliseconds since the epoch. */
export interface DirectoryUser {
  readonly id: string;
  readonly email: string;
  readonly username: string;
  readonly role: Role;
  readonly emailVerified: boolean;
  readonly createdAt: number;
  readonly status: UserStatus;
  /** Null unless disabled, and if disabled for good. */
  readonly disabledUntil: number | null;
  /** Null unless disabled. */
  readonly disabledReason: string | null;
  readonly lastLoginAt: number | null;
}

/** Which users a list is of; what is left out does not matter. */
export interface DirectoryFilter {
  /** 1 to 254 characters: an e-mail or its beginning, the beginning of a name or of a word in it, or almost that. */
  readonly q?: string | undefined;
  readonly role?: Role | undefined;
  readonly status?: UserStatus | undefined;
}

export interface DirectoryPage {
  /** Fewer than asked for at the end, or where very many had to be passed over: then there is a cursor all the same. */
  readonly users: readonly DirectoryUser[];
  /** Where the next page begins; null at the end. */
  readonly nextCursor: string | null;
}

/** All users, for admins. A registration that was not proven in time is nobody. Throws `DependencyUnavailable`. */
export interface UserDirectory {
  /**
   * A page of users after a place (see `decodeCursor`): without `q` the newest first; with it, in this order and each
   * once, those whose e-mail begins with it (an exact one comes first), whose name does, in whose name a later word
   * does, and, for 3 characters or more, whose name is similar. Upper and lower case are the same, and so is all that
   * stands between the words of a name. Turning pages loses and repeats nobody who keeps name, e-mail and status.
   */
  list(
    query: DirectoryFilter & { readonly limit: number; readonly after?: DirectoryPlace | undefined },
  ): Promise<DirectoryPage>;
  /** Undefined for nobody. */
  find(id: string): Promise<DirectoryUser | undefined>;
}
