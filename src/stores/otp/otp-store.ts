/** What anybody may ask a code for, and present one, by an address. */
export const PUBLIC_OTP_PURPOSES = ['verify_email', 'login', 'reset_password'] as const;
export type PublicOtpPurpose = (typeof PUBLIC_OTP_PURPOSES)[number];
/** A change of e-mail is for the signed-in user alone. */
export type OtpPurpose = PublicOtpPurpose | 'change_email';

/** What one mail carries, as digests: six digits and a long token, either of which proves that the mail was read. */
export interface OtpEntry {
  /** Names the mail. */
  readonly id: string;
  /** Keyed digest of the six digits. */
  readonly codeDigest: string;
  /** Keyed digest of the 256-bit token. */
  readonly tokenDigest: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What a caller presents: the digest under each key that is still valid, of digits or of a token. */
export interface PresentedOtp {
  readonly kind: 'code' | 'token';
  readonly digests: readonly string[];
}

export type PresentOutcome =
  /** Right: everything outstanding for this account and purpose has been consumed. */
  | 'accepted'
  /** Compared and wrong; for digits a try is counted. */
  | 'wrong'
  /** Digits only: the code has had its tries, or the account its wrong tries of the day; nothing was compared. */
  | 'exhausted'
  /** Nothing outstanding: never asked for, expired, used, or lost with a restart. No try is counted. */
  | 'unknown';

/** Wrong tries after which the digits of one mail die. */
export const MAX_TRIES_PER_CODE = 5;
/** Wrong tries of digits that an account has in any 24 hours, over all purposes. */
export const MAX_WRONG_TRIES_PER_DAY = 20;
/** Tokens of older mails kept for one account and purpose; the oldest goes first. */
export const MAX_OUTSTANDING_TOKENS = 8;

/**
 * One-time passwords under way, by account and purpose. Every call is one atomic step; a try is counted before anything
 * is compared. Entries written before a restart of the server are void. Every key has a TTL. All methods throw
 * `DependencyUnavailable`.
 *
 * `account` is any opaque id: an unknown e-mail has one too, so that known and unknown take the same path.
 */
export interface OtpStore {
  /** Makes an entry acceptable, beside the one that is current, before its mail goes out. */
  stage(account: string, purpose: OtpPurpose, entry: OtpEntry): Promise<void>;
  /**
   * The mail server has accepted the mail: the digits of every entry staged before it die, their tokens live on. Digits
   * that a newer mail has killed stay dead, however late their own is accepted.
   */
  activate(account: string, purpose: OtpPurpose, id: string): Promise<void>;
  /** The mail did not go out: the entry dies whole. */
  discard(account: string, purpose: OtpPurpose, id: string): Promise<void>;
  present(account: string, purpose: OtpPurpose, presented: PresentedOtp): Promise<PresentOutcome>;
}
