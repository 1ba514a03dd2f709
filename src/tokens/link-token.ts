import { createHmac } from 'node:crypto';
import type { Clock } from '../clock';
import { firstKey, matchesOne } from './keyring';
import { bytesToUuid, decodeToken, encodeToken, uuidToBytes } from './token-encoding';

/** What following a link may do; a token for one does nothing for another. */
export type LinkPurpose = 'verify_email' | 'undo_email_change' | 'reset_password';

const PREFIX = 'tgl_';
/** Subject's id (16 bytes), version (4), end in milliseconds since the epoch (6), all big-endian. */
const BODY_BYTES = 26;
const SIGNATURE_BYTES = 32;

export interface LinkContent {
  /** Whose link it is: a user's, or that of a change of e-mail. */
  readonly subjectId: string;
  /** For a user the credential version of that time, so that any later one voids the link; 0 where any will do. */
  readonly version: number;
}

/** Tokens in links of mails, and those that an operator hands over: signed (HMAC-SHA-256), kept nowhere, good until their end. */
export class LinkTokens {
  readonly #keys: readonly Buffer[];
  readonly #firstKey: Buffer;
  readonly #clock: Clock;

  constructor({ keys, clock }: { readonly keys: readonly Buffer[]; readonly clock: Clock }) {
    this.#keys = keys;
    this.#firstKey = firstKey(keys);
    this.#clock = clock;
  }

  /** `expiresAt` is in milliseconds since the epoch. Throws `TypeError` or `RangeError` for impossible content. */
  issue(link: LinkContent & { readonly purpose: LinkPurpose; readonly expiresAt: number }): string {
    const fits = isUnsigned(link.version, 32) && isUnsigned(link.expiresAt, 48);
    if (!fits) throw new RangeError('not a version or not a time');
    const body = Buffer.alloc(BODY_BYTES);
    uuidToBytes(link.subjectId).copy(body);
    body.writeUInt32BE(link.version, 16);
    body.writeUIntBE(link.expiresAt, 20, 6);
    return encodeToken(Buffer.concat([body, sign(this.#firstKey, link.purpose, body)]), PREFIX);
  }

  /** What the link says, if it was issued here for this purpose, under any key still listed, and has not ended. */
  verify(token: string, purpose: LinkPurpose): LinkContent | undefined {
    const bytes = decodeToken(token, PREFIX, BODY_BYTES + SIGNATURE_BYTES);
    if (bytes === undefined) return undefined;
    const body = bytes.subarray(0, BODY_BYTES);
    const signatures = this.#keys.map((key) => sign(key, purpose, body));
    if (!matchesOne(signatures, bytes.subarray(BODY_BYTES))) return undefined;
    if (body.readUIntBE(20, 6) <= this.#clock.now()) return undefined;
    return { subjectId: bytesToUuid(body), version: body.readUInt32BE(16) };
  }
}

/** The body has a fixed length, so the purpose before it cannot run into it. */
function sign(key: Buffer, purpose: LinkPurpose, body: Buffer): Buffer {
  return createHmac('sha256', key).update(purpose).update(body).digest();
}

function isUnsigned(value: number, bits: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** bits;
}
