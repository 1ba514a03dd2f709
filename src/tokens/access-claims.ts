import { z } from 'zod';
import type { Role } from '../stores/session/session-store';
import type { SigningAlgorithm } from './signing-keys';

/** Who a verified access token speaks for; `expiresAt` is in milliseconds since the epoch. */
export type AccessClaims =
  | { readonly role: Role; readonly userId: string; readonly sessionId: string; readonly expiresAt: number }
  | { readonly role: 'GUEST'; readonly guestId: string; readonly expiresAt: number };

/** No token of ours lives longer, unless the service is set so. */
const LONGEST_LIFE_SECONDS = 86_400;
/** How far the clock of the instance that issued a token may be ahead. */
const CLOCK_SKEW_SECONDS = 60;

/** Exactly our header: any other type, algorithm or member (`crit` above all) is somebody else's. */
export function headerSchema(alg: SigningAlgorithm) {
  return z.strictObject({ alg: z.literal(alg), typ: z.literal('at+jwt'), kid: z.string() });
}

/** Exactly our claims. The library that checks the signature accepts no `exp`, an object for `sub`, a list for `aud`. */
export function claimsSchema(expected: {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlSeconds: number;
}) {
  const longestLife = Math.max(expected.ttlSeconds, LONGEST_LIFE_SECONDS);
  const shared = {
    iss: z.literal(expected.issuer),
    aud: z.literal(expected.audience),
    sub: z.uuid(),
    iat: z.int().min(0),
    exp: z.int().min(0),
    jti: z.uuid(),
  };
  return z
    .discriminatedUnion('role', [
      z.strictObject({ ...shared, role: z.enum(['USER', 'ADMIN']), sid: z.uuid() }),
      z.strictObject({ ...shared, role: z.literal('GUEST') }),
    ])
    .refine(({ iat, exp }) => exp > iat && exp - iat <= longestLife);
}

/** `nowSeconds` bounds `iat`, and so, with the longest life, `exp`. */
export function toClaims(
  claims: z.infer<ReturnType<typeof claimsSchema>>,
  nowSeconds: number,
): AccessClaims | undefined {
  if (claims.iat > nowSeconds + CLOCK_SKEW_SECONDS) return undefined;
  const expiresAt = claims.exp * 1000;
  if (claims.role === 'GUEST') return Object.freeze({ role: claims.role, guestId: claims.sub, expiresAt });
  return Object.freeze({ role: claims.role, userId: claims.sub, sessionId: claims.sid, expiresAt });
}
