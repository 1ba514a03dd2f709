import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { OtpPurpose, OtpStore, PresentedOtp, PresentOutcome } from '../stores/otp/otp-store';
import { digestsWith, digestWith, firstKey } from './keyring';
import { bytesToUuid } from './token-encoding';

const SIX_DIGITS = /^[0-9]{6}$/;

/** What a code is good for, and nothing else: its digests run over all of this. */
export interface CodeBinding {
  /** The user's id, or `pseudoAccount` of an address that has no user. */
  readonly account: string;
  /** In its canonical form. */
  readonly email: string;
  readonly purpose: OtpPurpose;
  /** The user's credential version: any later change voids digits and token. */
  readonly credentialVersion: number;
}

/** What one mail carries. */
export interface DrawnCode {
  /** Names the mail. */
  readonly id: string;
  /** Six digits, leading zeros kept. */
  readonly code: string;
  /** 256 random bits in base64url, accepted instead of the digits. */
  readonly token: string;
}

/** One-time passwords: drawn, bound to account, e-mail and purpose, and kept only as keyed digests. */
export class OneTimeCodes {
  readonly #keys: readonly Buffer[];
  readonly #firstKey: Buffer;
  readonly #store: OtpStore;

  constructor({ keys, store }: { readonly keys: readonly Buffer[]; readonly store: OtpStore }) {
    this.#keys = keys;
    this.#firstKey = firstKey(keys);
    this.#store = store;
  }

  /**
   * Draws and stages what a mail is to carry; `expiresAt` is in milliseconds since the epoch. Follow it by `activate`
   * when the mail server has accepted the mail, else by `discard`. Throws `DependencyUnavailable`.
   */
  async draw(binding: CodeBinding & { readonly expiresAt: number }): Promise<DrawnCode> {
    const id = randomUUID();
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    const token = randomBytes(32).toString('base64url');
    await this.#store.stage(binding.account, binding.purpose, {
      id,
      codeDigest: digestWith(this.#firstKey, ...digested('code', binding, code)),
      tokenDigest: digestWith(this.#firstKey, ...digested('token', binding, token)),
      expiresAt: binding.expiresAt,
    });
    return { id, code, token };
  }

  /** The mail has been accepted: digits of older mails die. Throws `DependencyUnavailable`. */
  async activate(account: string, purpose: OtpPurpose, id: string): Promise<void> {
    await this.#store.activate(account, purpose, id);
  }

  /** The mail did not go out: what was drawn for it dies. Throws `DependencyUnavailable`. */
  async discard(account: string, purpose: OtpPurpose, id: string): Promise<void> {
    await this.#store.discard(account, purpose, id);
  }

  /**
   * Presents six ASCII digits, or a token. Anything else takes the same step, as a token that no mail has carried, so
   * that its answer takes as long. Throws `DependencyUnavailable`.
   */
  async present({ otp, ...binding }: CodeBinding & { readonly otp: string }): Promise<PresentOutcome> {
    const kind = isDigits(otp) ? 'code' : 'token';
    const digests = digestsWith(this.#keys, ...digested(kind, binding, otp));
    return await this.#store.present(binding.account, binding.purpose, { kind, digests });
  }

  /** An id for an address that has no user, so that known and unknown addresses take the same path (UUID version 8). */
  pseudoAccount(email: string): string {
    const bytes = Buffer.from(digestWith(this.#firstKey, 'account', email), 'base64url');
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytesToUuid(bytes);
  }
}

/** Whether what is presented is the digits of a mail rather than its token. */
export function isDigits(otp: string): boolean {
  return SIX_DIGITS.test(otp);
}

/** The parts that a digest runs over; the first keeps digits, tokens and accounts apart. */
function digested(
  kind: PresentedOtp['kind'],
  { purpose, account, email, credentialVersion }: CodeBinding,
  value: string,
): readonly (string | number)[] {
  return [kind, purpose, account, email, credentialVersion, value];
}
