import type { Response } from 'express';
import type { ChargedLevel } from '../limits/limiter';
import { POLICIES } from '../limits/policies';
import { Problem } from './problem';

const SHOWN = 'shownLevels';

/** The largest integer of a structured field (RFC 9651, 3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

/**
 * Tells the client what its buckets hold: `RateLimit-Policy` and `RateLimit` as structured fields of the IETF httpapi
 * draft, and the older `X-RateLimit-*` of the tightest one. Called again it adds buckets, and shows the newer level of
 * those that it has shown before. Buckets kept per e-mail over all addresses are never shown, nor is a policy in shadow:
 * it is nothing that a client has to heed.
 */
export function showLevels(response: Response, levels: readonly ChargedLevel[]): void {
  const newer = levels.filter(isShown);
  const isNewer = ({ charge }: ChargedLevel) => newer.some((level) => level.charge.policy === charge.policy);
  const before = (response.locals[SHOWN] ?? []) as ChargedLevel[];
  const shown = [...before.filter((level) => !isNewer(level)), ...newer];
  const tightest = shown.reduce<ChargedLevel | undefined>(
    (least, level) => (least === undefined || level.remaining < least.remaining ? level : least),
    undefined,
  );
  if (tightest === undefined) return;
  response.locals[SHOWN] = shown;
  response.setHeader('RateLimit-Policy', shown.map(policyItem).join(', '));
  response.setHeader('RateLimit', shown.map(levelItem).join(', '));
  response.setHeader('X-RateLimit-Limit', tightest.inForce.capacity);
  response.setHeader('X-RateLimit-Remaining', tightest.remaining);
}

/** Shows these levels with one more token. */
export function showReturned(response: Response, levels: readonly ChargedLevel[]): void {
  const returned = levels.map((level) => {
    const { capacity } = level.inForce;
    const remaining = Math.min(level.remaining + 1, capacity);
    return { ...level, remaining, msToNext: remaining === capacity ? 0 : level.msToNext };
  });
  showLevels(response, returned);
}

/** The 429 of charges that get a token in so many milliseconds. */
export function rateLimited(retryInMs: number): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryInMs / 1000));
  return new Problem('rate_limited', {
    retryAfterSeconds,
    detail: `Too many requests. Try again in ${retryAfterSeconds} s.`,
  });
}

function isShown({ charge, inForce }: ChargedLevel): boolean {
  return POLICIES[charge.policy].shown && inForce.mode === 'enforce';
}

function policyItem({ charge, inForce: { capacity, refillPerSecond } }: ChargedLevel): string {
  return `"${charge.policy}";q=${capacity};w=${Math.min(Math.ceil(capacity / refillPerSecond), MAX_INTEGER)}`;
}

function levelItem({ charge, remaining, msToNext }: ChargedLevel): string {
  return `"${charge.policy}";r=${remaining};t=${Math.ceil(msToNext / 1000)}`;
}
