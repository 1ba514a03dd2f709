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
}

export interface Recipients {
  /** The account the mail's address belongs to now, if any. Throws `DependencyUnavailable`. */
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
  }
}

/** How many of the mails that anybody can cause a recipient gets. All methods throw `DependencyUnavailable`. */
export interface MailBudget {
  /** False when the recipient has had its share: nothing was taken. */
  take(email: string): Promise<boolean>;
  giveBack(email: string): Promise<void>;
}

/**
 * Whether anybody can cause this mail by an address alone. The other notices warn the owner of an act that needed a
 * secret of the account: who could use up the budget first would silence them.
 */
export function isBudgeted(kind: MailKind): boolean {
  switch (kind) {
    case 'VERIFY_EMAIL':
    case 'LOGIN_CODE':
    case 'RESET_CODE':
    case 'ALREADY_REGISTERED':
      return true;
    case 'PASSWORD_CHANGED':
    case 'TOKEN_REUSED':
      return false;
  }
}
