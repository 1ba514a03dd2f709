const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The 16 bytes of a UUID. Throws `TypeError` for anything but its canonical form, in lower case. */
export function uuidToBytes(uuid: string): Buffer {
  if (!UUID.test(uuid)) throw new TypeError('not a UUID in canonical form');
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** The canonical form of the UUID made of the first 16 of these bytes. */
export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, 16)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * The bytes of `prefix` + base64url, if there are exactly `length` of them, and spelled the one way they are spelled by
 * an encoder: no padding, no other alphabet, no stray bits at the end.
 */
export function decodeToken(token: string, prefix: string, length: number): Buffer | undefined {
  if (token.length !== prefix.length + Math.ceil((length * 4) / 3) || !token.startsWith(prefix))
    return undefined;
  const bytes = Buffer.from(token.slice(prefix.length), 'base64url');
  return encodeToken(bytes, prefix) === token ? bytes : undefined;
}

/** The one spelling of these bytes as a token. */
export function encodeToken(bytes: Buffer, prefix: string): string {
  return prefix + bytes.toString('base64url');
}
