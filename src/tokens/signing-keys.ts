import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';

export type SigningAlgorithm = 'HS256' | 'RS256' | 'ES256';

export type SigningKeysOptions =
  | { readonly alg: 'HS256'; readonly secrets: readonly string[] }
  | { readonly alg: 'RS256' | 'ES256'; readonly privateKeys: readonly string[] };

/** A public key as RFC 7517 has it. */
export interface PublicJwk extends JsonWebKey {
  readonly use: 'sig';
  readonly alg: SigningAlgorithm;
  readonly kid: string;
}

interface SigningKey {
  readonly kid: string;
  readonly signing: KeyObject;
  readonly verifying: KeyObject;
  readonly jwk?: PublicJwk;
}

/** RFC 7518, 3.2 and 3.3. */
const MIN_SECRET_BYTES = 32;
const MIN_RSA_BITS = 2048;

/**
 * The keys of access tokens, made once: the first signs, all verify. Throws an error that names the key by its place in
 * the list, and shows nothing of it, where one is missing, weak, listed twice or of another kind.
 */
export class SigningKeys {
  readonly alg: SigningAlgorithm;
  /** The key that signs. */
  readonly current: { readonly kid: string; readonly signing: KeyObject };
  readonly #keys: ReadonlyMap<string, SigningKey>;

  constructor(options: SigningKeysOptions) {
    this.alg = options.alg;
    const keys =
      options.alg === 'HS256'
        ? options.secrets.map((secret, index) => secretKey(secret, `signing secret ${index + 1}`))
        : options.privateKeys.map((pem, index) => keyPair(pem, options.alg, `signing key ${index + 1}`));
    const [current] = keys;
    if (current === undefined) throw new Error(`${options.alg} needs at least one signing key`);
    this.current = current;
    this.#keys = new Map(keys.map((key) => [key.kid, key]));
    if (this.#keys.size < keys.length) throw new Error('a signing key is listed twice');
  }

  /** What tokens name the keys by, the one that signs first. */
  get kids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** The key that verifies tokens with this `kid`. */
  verifying(kid: string): KeyObject | undefined {
    return this.#keys.get(kid)?.verifying;
  }

  /** The public keys (RFC 7517); none while signing is HS256. */
  jwks(): { readonly keys: readonly PublicJwk[] } {
    return { keys: [...this.#keys.values()].flatMap(({ jwk }) => jwk ?? []) };
  }
}

function secretKey(secret: string, name: string): SigningKey {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < MIN_SECRET_BYTES) throw new Error(`${name} has fewer than ${MIN_SECRET_BYTES} bytes`);
  const key = createSecretKey(bytes);
  // The secret is the key of this digest, so the id tells no more about it than a token does.
  const kid = createHmac('sha256', key).update('tollgate kid').digest('base64url').slice(0, 16);
  return { kid, signing: key, verifying: key };
}

function keyPair(pem: string, alg: 'RS256' | 'ES256', name: string): SigningKey {
  const signing = readPrivateKey(pem, name);
  assertFits(signing, alg, name);
  const verifying = createPublicKey(signing);
  const exported = verifying.export({ format: 'jwk' });
  const kid = thumbprint(exported);
  return { kid, signing, verifying, jwk: { ...exported, use: 'sig', alg, kid } };
}

function readPrivateKey(pem: string, name: string): KeyObject {
  if (pem.includes('PUBLIC KEY')) throw new Error(`${name} is a public key; a private one is needed`);
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out: what it quotes is not ours to know.
    throw new Error(`${name} is not an unencrypted private key in PEM form`);
  }
}

function assertFits(key: KeyObject, alg: 'RS256' | 'ES256', name: string): void {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (alg === 'RS256') {
    if (key.asymmetricKeyType !== 'rsa') throw new Error(`${name} is not an RSA key, which RS256 needs`);
    if (modulusLength < MIN_RSA_BITS) throw new Error(`${name} has fewer than ${MIN_RSA_BITS} bits`);
  } else if (key.asymmetricKeyType !== 'ec' || namedCurve !== 'prime256v1') {
    throw new Error(`${name} is not a key on the curve P-256, which ES256 needs`);
  }
}

/** RFC 7638: SHA-256 over the required members alone, sorted by name, without white space. */
function thumbprint(jwk: JsonWebKey): string {
  const { crv, e, kty, n, x, y } = jwk;
  const required = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(required)).digest('base64url');
}
