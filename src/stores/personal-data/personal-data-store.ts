import type { Account } from '../account/account-store';
import type { MailKind } from '../outbox/outbox-store';

/** What the record holds about a user, but for secrets. Times are milliseconds since the epoch. */
export interface PersonalData {
  readonly account: Account & {
    readonly registeredAt: number;
    readonly emailVerifiedAt: number | null;
    readonly lastLoginAt: number | null;
    readonly disabledAt: number | null;
    readonly disabledUntil: number | null;
    readonly disabledReason: string | null;
  };
  /** Those that have ended a short while ago, too. */
  readonly sessions: readonly {
    readonly id: string;
    readonly createdAt: number;
    readonly lastUsedAt: number;
    readonly expiresAt: number;
    readonly revokedAt: number | null;
    readonly address: string;
    readonly userAgent: string;
  }[];
  readonly knownAddresses: readonly { readonly address: string; readonly lastSeenAt: number }[];
  readonly emailChanges: readonly {
    readonly fromEmail: string;
    readonly toEmail: string;
    readonly requestedAt: number;
    readonly confirmedAt: number | null;
    readonly undoneAt: number | null;
  }[];
  readonly waitingMails: readonly { readonly kind: MailKind; readonly createdAt: number }[];
}

/** All that is held about a user beside the audit trail. Throws `DependencyUnavailable`. */
export interface PersonalDataStore {
  /** Undefined if the user is gone. */
  read(userId: string): Promise<PersonalData | undefined>;
}
