import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What derived keys are for; a key of one use says nothing about another's. */
export type KeyUse = 'refresh' | 'codes' | 'links' | 'limits' | 'audit';

/**
 * One 256-bit key per secret for this use (HKDF-SHA-256, RFC 5869), in the order of the secrets: the first makes, all
 * verify. Throws `RangeError` without a secret.
 */
export function deriveKeys(secretKeys: readonly string[], use: KeyUse): readonly Buffer[] {
  if (secretKeys.length === 0) throw new RangeError('at least one secret key is needed');
  return secretKeys.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `tollgate ${use} v1`, 32)));
}

/** HMAC-SHA-256 over the parts, in base64url. No two lists of parts look alike: what is digested is their JSON. */
export function digestWith(key: Buffer, ...parts: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
}

/** The digest under each key, in the keys' order. */
export function digestsWith(
  keys: readonly Buffer[],
  ...parts: readonly (string | number)[]
): readonly string[] {
  return keys.map((key) => digestWith(key, ...parts));
}

/** The key that makes. Throws `RangeError` if there is none. */
export function firstKey(keys: readonly Buffer[]): Buffer {
  const [first] = keys;
  if (first === undefined) throw new RangeError('at least one key is needed');
  return first;
}

/** True if one of the signatures is `given`; takes the same time whichever it is and wherever they differ. */
export function matchesOne(signatures: readonly Buffer[], given: Buffer): boolean {
  let matches = false;
  for (const signature of signatures) {
    const equal = signature.length === given.length && timingSafeEqual(signature, given);
    matches = equal || matches;
  }
  return matches;
}
