import type { Account } from '../account/account-store';
import type { Origin } from '../audit/audit-store';

/** A change of a user's e-mail, asked for and perhaps confirmed. Times are milliseconds since the epoch. */
export interface EmailChange {
  readonly id: string;
  readonly userId: string;
  /** Canonical forms. */
  readonly fromEmail: string;
  readonly toEmail: string;
  /** No two changes of one user have the same: it is their order. */
  readonly requestedAt: number;
  readonly confirmedAt: number | null;
  /** Taken back by its own link, or by that of an earlier change. */
  readonly undoneAt: number | null;
  readonly undoUntil: number;
}

/** From its request a change can be undone for so long; once it is confirmed, the old address is kept as long. */
export const UNDO_LIFETIME_MS = 72 * 60 * 60_000;

/** Whether the link of this change does anything, be it confirmed or not, and whatever changes came after it. */
export function canBeUndone({ undoneAt, undoUntil }: EmailChange, now: number): boolean {
  return undoneAt === null && now < undoUntil;
}

/** Whether this change, if it is its user's newest, waits for its code. */
export function isPending({ confirmedAt, undoneAt }: EmailChange): boolean {
  return confirmedAt === null && undoneAt === null;
}

export type ConfirmedChange =
  | { readonly outcome: 'confirmed'; readonly account: Account; readonly endedSessions: readonly string[] }
  /** `taken`: the address is another's meanwhile. `stale`: a newer change came first, or one of the credentials. */
  | { readonly outcome: 'taken' | 'stale' };

export type UndoneChange =
  | { readonly outcome: 'undone'; readonly endedSessions: readonly string[] }
  /** Undone before, too old, or gone with its user. */
  | { readonly outcome: 'void' };

/**
 * Changes of e-mail. Every method is one atomic step, which also writes the audit events that it tells of (`by`: who
 * asked for it), and throws `DependencyUnavailable`.
 */
export interface EmailChangeStore {
  /**
   * Writes the change down and its mails into the outbox, the same for every address, whoever it belongs to. From then
   * on it is the one that a code can confirm. `stale` if password or e-mail changed since `credentialVersion`.
   */
  request(
    change: { readonly userId: string; readonly credentialVersion: number; readonly toEmail: string },
    by: Origin,
  ): Promise<'requested' | 'stale'>;
  find(changeId: string): Promise<EmailChange | undefined>;
  /** The change that a code can confirm: the user's newest, if nothing has become of it yet. */
  findPending(userId: string): Promise<EmailChange | undefined>;
  /** Whether the address is that of another verified user, or kept for another who gave it up. */
  isTaken(email: string, userId: string): Promise<boolean>;
  /**
   * Gives the user the new address, which voids codes, links and reset tokens, and ends all sessions but one. A pending
   * registration of that address goes: the code has proved whose mailbox it is.
   */
  confirm(
    change: EmailChange,
    credentialVersion: number,
    keptSessionId: string,
    by: Origin,
  ): Promise<ConfirmedChange>;
  /**
   * Gives the user back the address before this change, voids the password, ends every session, and takes back this
   * change and all later ones, so that their links do nothing any more. Role and disabling stay.
   */
  undo(change: EmailChange, by: Origin): Promise<UndoneChange>;
}
