import { createHash } from 'node:crypto';
import { decode, sign, verify } from 'jsonwebtoken';
import { uuidv7 } from 'uuidv7';
import type { Clock } from '../clock';
import type { Role } from '../stores/session/session-store';
import { type AccessClaims, claimsSchema, headerSchema, toClaims } from './access-claims';
import { ClaimsCache } from './claims-cache';
import type { SigningKeys } from './signing-keys';

/** Longest token looked at; ours have about 500 to 900 characters. */
const MAX_TOKEN_LENGTH = 4096;

export interface AccessTokensOptions {
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
  readonly ttlSeconds: number;
  /** Whether a token that was presented had been verified before. */
  readonly onLookup?: (known: boolean) => void;
}

export interface IssuedAccessToken {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Access tokens as RFC 9068 has them: signed JWTs (RFC 7519) that name their type. */
export class AccessTokens {
  readonly #options: AccessTokensOptions;
  readonly #header: ReturnType<typeof headerSchema>;
  readonly #claims: ReturnType<typeof claimsSchema>;
  readonly #verified = new ClaimsCache();

  constructor(options: AccessTokensOptions) {
    this.#options = options;
    this.#header = headerSchema(options.keys.alg);
    this.#claims = claimsSchema(options);
  }

  /** `sessionEndsAt` is in milliseconds since the epoch; the token never outlives it. */
  issue(session: {
    readonly userId: string;
    readonly sessionId: string;
    readonly role: Role;
    readonly sessionEndsAt: number;
  }): IssuedAccessToken {
    const claims = { sub: session.userId, sid: session.sessionId, role: session.role };
    return this.#sign(claims, Math.floor(session.sessionEndsAt / 1000));
  }

  issueGuest({ guestId }: { readonly guestId: string }): IssuedAccessToken {
    return this.#sign({ sub: guestId, role: 'GUEST' }, Number.POSITIVE_INFINITY);
  }

  /** What a token of ours claims; undefined for everything else. Never throws. */
  verify(token: string): AccessClaims | undefined {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    const now = this.#options.clock.now();
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#verified.find(digest, now);
    this.#options.onLookup?.(known !== undefined);
    if (known !== undefined) return known;
    const claims = this.#verify(token, now);
    if (claims !== undefined) this.#verified.put(digest, claims);
    return claims;
  }

  #sign(claims: Record<string, string>, endsAtSeconds: number): IssuedAccessToken {
    const { keys, issuer, audience, clock, ttlSeconds } = this.#options;
    const iat = Math.floor(clock.now() / 1000);
    const exp = Math.min(iat + ttlSeconds, endsAtSeconds);
    const payload = { iss: issuer, aud: audience, ...claims, iat, exp, jti: uuidv7() };
    const header = { alg: keys.alg, typ: 'at+jwt', kid: keys.current.kid };
    const token = sign(payload, keys.current.signing, { algorithm: keys.alg, header });
    return { token, expiresIn: Math.max(0, exp - iat) };
  }

  #verify(token: string, now: number): AccessClaims | undefined {
    const { keys, issuer, audience } = this.#options;
    const nowSeconds = Math.floor(now / 1000);
    try {
      // The header chooses among our keys and nothing else; the algorithm is the configured one.
      const header = this.#header.safeParse(decode(token, { complete: true })?.header);
      const key = header.success ? keys.verifying(header.data.kid) : undefined;
      if (key === undefined) return undefined;
      const payload = verify(token, key, {
        algorithms: [keys.alg],
        issuer,
        audience,
        clockTimestamp: nowSeconds,
      });
      const claims = this.#claims.safeParse(payload);
      return claims.success ? toClaims(claims.data, nowSeconds) : undefined;
    } catch {
      // Whatever is wrong with a token is its sender's fault: there is nothing else in here that could fail.
      return undefined;
    }
  }
}
