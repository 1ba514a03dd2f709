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
const NOBODY = Buffer.alloc(0);

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

  /** The same address gives the same digest while the first key stays. */
  digest(address: string): string {
    return this.sign('address', [address]).toString('base64url');
  }

  /** AES-256-GCM: IV, tag, ciphertext. `userKey` is undefined where the address belongs to no user. */
  encrypt(address: string, userKey: Uint8Array = NOBODY): Buffer<ArrayBuffer> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', addressKey(this.#key, userKey), iv);
    const text = Buffer.concat([cipher.update(address, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]);
  }

  /** Undefined if the keys are not those it was encrypted under. */
  decrypt(keyId: string, encrypted: Uint8Array, userKey: Uint8Array = NOBODY): string | undefined {
    const key = this.#keys.get(keyId);
    if (key === undefined || encrypted.length < IV_BYTES + TAG_BYTES) return undefined;
    const bytes = Buffer.from(encrypted);
    const decipher = createDecipheriv('aes-256-gcm', addressKey(key, userKey), bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
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

function addressKey(key: Buffer, userKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, userKey, 'tollgate audit address v1', 32));
}

/** HKDF keeps the id apart from every MAC under the same key. */
function keyIdOf(key: Buffer): string {
  return Buffer.from(hkdfSync('sha256', key, '', 'tollgate audit key id', 8)).toString('base64url');
}
