import { createHmac } from 'node:crypto';
import { firstKey, matchesOne } from './keyring';
import { bytesToUuid, decodeToken, encodeToken, uuidToBytes } from './token-encoding';

const PREFIX = 'tgr_';
/** Session id (16 bytes) and generation (4, big-endian); the signature over them follows. */
const BODY_BYTES = 20;
const SIGNATURE_BYTES = 32;
const MAX_GENERATION = 0xffff_ffff;

export interface RefreshTokenContent {
  readonly sessionId: string;
  /** From 1. */
  readonly generation: number;
}

/** What a token says. Nothing in it is to be believed before `verify`. */
export interface ParsedRefreshToken extends RefreshTokenContent {
  readonly signature: Buffer;
}

/**
 * Refresh tokens: session id, generation, and an HMAC-SHA-256 over both under the service's key and the session's own
 * secret, so that neither a leaked environment nor a leaked database alone forges one. The same generation gives the
 * same token (while the first key stays), so a lost answer can be given again.
 */
export class RefreshTokens {
  readonly #keys: readonly Buffer[];
  readonly #firstKey: Buffer;

  constructor({ keys }: { readonly keys: readonly Buffer[] }) {
    this.#keys = keys;
    this.#firstKey = firstKey(keys);
  }

  /** Throws `TypeError` for a malformed session id and `RangeError` for a generation that does not exist. */
  issue(content: RefreshTokenContent & { readonly sessionSecret: Uint8Array }): string {
    const body = encodeBody(content);
    return encodeToken(Buffer.concat([body, sign(this.#firstKey, content.sessionSecret, body)]), PREFIX);
  }

  /** Reads a token in its one canonical spelling, without believing it. */
  parse(token: string): ParsedRefreshToken | undefined {
    const bytes = decodeToken(token, PREFIX, BODY_BYTES + SIGNATURE_BYTES);
    if (bytes === undefined) return undefined;
    const generation = bytes.readUInt32BE(16);
    if (generation === 0) return undefined;
    return { sessionId: bytesToUuid(bytes), generation, signature: bytes.subarray(BODY_BYTES) };
  }

  /** True if the token was issued here, under any key that is still listed, for the session with this secret. */
  verify(parsed: ParsedRefreshToken, sessionSecret: Uint8Array): boolean {
    const body = encodeBody(parsed);
    const signatures = this.#keys.map((key) => sign(key, sessionSecret, body));
    return matchesOne(signatures, parsed.signature);
  }
}

function encodeBody({ sessionId, generation }: RefreshTokenContent): Buffer {
  if (!Number.isInteger(generation) || generation < 1 || generation > MAX_GENERATION) {
    throw new RangeError('not a generation');
  }
  const body = Buffer.alloc(BODY_BYTES);
  uuidToBytes(sessionId).copy(body);
  body.writeUInt32BE(generation, 16);
  return body;
}

function sign(key: Buffer, sessionSecret: Uint8Array, body: Buffer): Buffer {
  const sessionKey = createHmac('sha256', key).update(sessionSecret).digest();
  return createHmac('sha256', sessionKey).update(body).digest();
}
