import type { MailKind, OutboxMail } from '../stores/outbox/outbox-store';

/** What a mail needs to know of the account it is for, as it is at the time of sending. */
export interface Recipient {
  readonly userId: string;
  /** The stored address: where mails go, whatever was typed. */
  readonly email: string;
  readonly credentialVersion: number;
  /** Registered, and the address not yet proved. */
  readonly pending: boolean;
  readonly role: 'USER' | 'ADMIN';
  readonly disabled: boolean;
  /** For a code that is to prove a new address: whether that is somebody else's, or kept for somebody. */
  readonly taken?: boolean;
  /** Of the change of e-mail that the mail can undo; in milliseconds since the epoch. */
  readonly undoUntil?: number;
}

export interface Recipients {
  /**
   * The account the mail's address belongs to now, if any; for a mail of a change of e-mail the account that is changed.
   * Throws `DependencyUnavailable`.
   */
  find(mail: OutboxMail): Promise<Recipient | undefined>;
}

/** Whether this account is to get this mail; decided when it goes out, not when it was asked for. */
export function mayReceive(mail: OutboxMail, recipient: Recipient): boolean {
  switch (mail.kind) {
    case 'VERIFY_EMAIL':
      // A registration that was replaced since gets nothing: its code would confirm another one's password.
      return (
        recipient.pending &&
        (mail.credentialVersion === null || mail.credentialVersion === recipient.credentialVersion)
      );
    case 'LOGIN_CODE':
      return !recipient.pending && !recipient.disabled && recipient.role !== 'ADMIN';
    case 'RESET_CODE': // disabled accounts too: a reset leaves them disabled
    case 'ALREADY_REGISTERED':
    case 'PASSWORD_CHANGED':
    case 'TOKEN_REUSED':
      return !recipient.pending;
    case 'EMAIL_CHANGE_CODE':
      return recipient.taken === false;
    case 'EMAIL_CHANGE_NOTICE':
    case 'EMAIL_CHANGE_UNDONE':
      return true;
  }
}

/** How many of the mails that anybody can cause a recipient gets. */
export interface MailBudget {
  /**
   * What gives the mail's share back, where it comes to nothing; undefined when the recipient has had all that there are of
   * this kind. Both throw `DependencyUnavailable`.
   */
  take(email: string, kind: MailKind): Promise<(() => Promise<void>) | undefined>;
}

/**
 * Whether anybody can cause this mail by an address alone. The other notices warn the owner of an act that needed a
 * secret of the account: who could use up the budget first would silence them.
 */
export function isBudgeted({ kind, emailChangeId }: OutboxMail): boolean {
  switch (kind) {
    case 'VERIFY_EMAIL':
    case 'LOGIN_CODE':
    case 'ALREADY_REGISTERED':
    case 'EMAIL_CHANGE_CODE':
      return true;
    case 'RESET_CODE':
      // The one after an undone change is how the owner gets back in.
      return emailChangeId === null;
    case 'PASSWORD_CHANGED':
    case 'TOKEN_REUSED':
    case 'EMAIL_CHANGE_NOTICE':
    case 'EMAIL_CHANGE_UNDONE':
      return false;
  }
}
