import { UNDO_LIFETIME_MS } from '../email-change/email-change-store';

export const MAIL_KINDS = [
  'VERIFY_EMAIL',
  'LOGIN_CODE',
  'RESET_CODE',
  'ALREADY_REGISTERED',
  'PASSWORD_CHANGED',
  'TOKEN_REUSED',
  'EMAIL_CHANGE_CODE',
  'EMAIL_CHANGE_NOTICE',
  'EMAIL_CHANGE_UNDONE',
] as const;
export type MailKind = (typeof MAIL_KINDS)[number];

const MINUTE = 60_000;

/** A code lives this long from the request for it, in milliseconds; so does the row of its mail. */
export const CODE_MAIL_TTL = 10 * MINUTE;
/** A notice is news for this long, in milliseconds. */
export const NOTICE_MAIL_TTL = 24 * 60 * MINUTE;

/** After this many milliseconds from the request a mail is worthless and no longer sent. */
export const MAIL_TTL: Readonly<Record<MailKind, number>> = {
  VERIFY_EMAIL: CODE_MAIL_TTL,
  LOGIN_CODE: CODE_MAIL_TTL,
  RESET_CODE: CODE_MAIL_TTL,
  ALREADY_REGISTERED: NOTICE_MAIL_TTL,
  PASSWORD_CHANGED: NOTICE_MAIL_TTL,
  TOKEN_REUSED: NOTICE_MAIL_TTL,
  EMAIL_CHANGE_CODE: CODE_MAIL_TTL,
  // News for as long as its link works: with it the owner gets a stolen account back.
  EMAIL_CHANGE_NOTICE: UNDO_LIFETIME_MS,
  EMAIL_CHANGE_UNDONE: NOTICE_MAIL_TTL,
};

/** Those that carry a code. */
export const CODE_MAILS: readonly MailKind[] = MAIL_KINDS.filter((kind) => MAIL_TTL[kind] === CODE_MAIL_TTL);

/** A mail to be made and sent; holds neither code nor token. Times are milliseconds since the epoch. */
export interface OutboxMail {
  readonly id: string;
  readonly kind: MailKind;
  /** The canonical address it was asked for, perhaps nobody's; a mail goes to the account's stored one. */
  readonly email: string;
  /** The registration or the credentials it was written for; null where any will do. */
  readonly credentialVersion: number | null;
  /** The change of e-mail that caused it. */
  readonly emailChangeId: string | null;
  /** How often it has been claimed, this time included. */
  readonly attempts: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Mails are counted up to so many. */
export const MOST_COUNTED = 10_000;

/**
 * What waits, for the metrics: how many mails, `MOST_COUNTED` for more of them, and of the oldest so many the age in milliseconds
 * of the oldest code and of the oldest notice (0 when none waits).
 */
export interface OutboxBacklog {
  readonly waiting: number;
  readonly oldestCodeAgeMs: number;
  readonly oldestNoticeAgeMs: number;
}

/**
 * Mails to be sent, written in the transaction of the act that caused them. Several processes may claim at the same
 * time. All methods throw `DependencyUnavailable`.
 */
export interface OutboxStore {
  /**
   * Up to `limit` due mails, oldest first, each claimed by one caller at a time: nobody else gets it for `leaseMs`
   * unless it is put back earlier. A mail whose claimer died is due again after that. Expired mails are not claimed.
   */
  claim(limit: number, leaseMs: number): Promise<readonly OutboxMail[]>;
  /** The mail is done with: sent, or for nobody. */
  complete(id: string): Promise<void>;
  /** The mail is due again at `dueAt`. */
  retry(id: string, dueAt: number): Promise<void>;
  /** Drops every expired mail; tells how many of each kind. */
  giveUpExpired(): Promise<ReadonlyMap<MailKind, number>>;
  backlog(): Promise<OutboxBacklog>;
}
