import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** What the MAC of an event covers, in this order. */
export interface SealedContent {
  readonly id: string;
  readonly at: Date;
  readonly type: string;
  readonly outcome: string;
  readonly actorId: string | null;
  readonly subjectId: string | null;
  readonly address: Uint8Array | null;
  readonly requestId: string;
  readonly details: string;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** In place of a user's key, where an address belongs to no user. */
export const NOBODY = Buffer.alloc(0);

/** What addresses are encrypted with: made of a key of the service's and one of the user's. */
export interface AddressKey {
  readonly bytes: Buffer;
}

/**
 * The cryptography of the audit trail: MACs under keys that the database does not hold, and addresses encrypted under the
 * service's key and one of the user's together, so that they are gone when the user's is. The first key makes, all
 * verify.
 */
export class AuditSeal {
  /** Names the key that makes. */
  readonly keyId: string;
  readonly #key: Buffer;
  readonly #keys: ReadonlyMap<string, Buffer>;

  /** Throws `RangeError` without a key. */
  constructor(keys: readonly Buffer[]) {
    const [first] = keys;
    if (first === undefined) throw new RangeError('at least one key is needed');
    this.#key = first;
    this.#keys = new Map(keys.map((key) => [keyIdOf(key), key]));
    this.keyId = keyIdOf(first);
  }

  /** What rows name the keys by, the one that makes first. */
  get keyIds(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** HMAC-SHA-256 over all that an event says. */
  mac(content: SealedContent): Buffer<ArrayBuffer> {
    return this.sign('event', partsOf(content));
  }

  /** Undefined where the key is not listed any more: nothing can be said then. */
  holds(keyId: string, content: SealedContent, mac: Uint8Array): boolean | undefined {
    return this.verify('event', keyId, partsOf(content), mac);
  }

  /** HMAC-SHA-256 over parts of something else; `kind` keeps the kinds apart. */
  sign(kind: string, parts: readonly (string | number | null)[]): Buffer<ArrayBuffer> {
    return macOver(this.#key, kind, parts);
  }

  /** As `holds`. */
  verify(
    kind: string,
    keyId: string,
    parts: readonly (string | number | null)[],
    mac: Uint8Array,
  ): boolean | undefined {
    const key = this.#keys.get(keyId);
    if (key === undefined) return undefined;
    const expected = macOver(key, kind, parts);
    return expected.length === mac.length && timingSafeEqual(expected, mac);
  }

  /** As `sign`, but under the named key where that is listed. */
  signUnder(keyId: string, kind: string, parts: readonly (string | number | null)[]): Buffer<ArrayBuffer> {
    return macOver(this.#keys.get(keyId) ?? this.#key, kind, parts);
  }

  /** Whether the named key made it, or another that is listed; undefined if none did and the named one is not listed. */
  verifyUnder(
    keyId: string,
    kind: string,
    parts: readonly (string | number | null)[],
    mac: Uint8Array,
  ): boolean | undefined {
    const named = this.verify(kind, keyId, parts, mac);
    if (named === true) return true;
    const others = [...this.#keys.keys()].filter((id) => id !== keyId);
    return others.some((id) => this.verify(kind, id, parts, mac)) ? true : named;
  }

  /** The same address gives the same digest while the first key stays. */
  digest(address: string): string {
    return this.sign('address', [address]).toString('base64url');
  }

  /**
   * The key of one user's addresses; of those that are nobody's with `NOBODY`. Undefined where the service's own
   * key is not listed any more.
   */
  addressKey(userKey: Uint8Array): AddressKey;
  addressKey(userKey: Uint8Array, keyId: string): AddressKey | undefined;
  addressKey(userKey: Uint8Array, keyId = this.keyId): AddressKey | undefined {
    const key = this.#keys.get(keyId);
    return key && { bytes: Buffer.from(hkdfSync('sha256', key, userKey, 'tollgate audit address v1', 32)) };
  }

  /** AES-256-GCM: IV, tag, ciphertext. */
  encrypt(address: string, { bytes: key }: AddressKey): Buffer<ArrayBuffer> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const text = Buffer.concat([cipher.update(address, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]);
  }

  /** Undefined if the key is not the one it was encrypted under. */
  decrypt(encrypted: Uint8Array, { bytes: key }: AddressKey): string | undefined {
    if (encrypted.length < IV_BYTES + TAG_BYTES) return undefined;
    const bytes = Buffer.from(encrypted);
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), options);
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      // The tag does not fit: another key, or other bytes.
      return undefined;
    }
  }
}

function partsOf(content: SealedContent): readonly (string | number | null)[] {
  const { id, at, type, outcome, actorId, subjectId, address, requestId, details } = content;
  const encrypted = address === null ? null : Buffer.from(address).toString('base64');
  return [id, at.getTime(), type, outcome, actorId, subjectId, encrypted, requestId, details];
}

/** No two lists of parts look alike: what is covered is their JSON. */
function macOver(key: Buffer, kind: string, parts: readonly (string | number | null)[]): Buffer<ArrayBuffer> {
  return createHmac('sha256', key)
    .update(JSON.stringify([kind, ...parts]))
    .digest();
}

/** HKDF keeps the id apart from every MAC under the same key. */
function keyIdOf(key: Buffer): string {
  return Buffer.from(hkdfSync('sha256', key, '', 'tollgate audit key id', 8)).toString('base64url');
}
