import type { Response } from 'express';
import type { ChargedLevel, Decision, Limiter } from '../limits/limiter';
import { POLICIES } from '../limits/policies';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { RouteCharge } from './endpoint';
import { Problem, type ProblemName } from './problem';

const SHOWN = 'shownLevels';

/**
 * Tells the client what its buckets hold: `RateLimit-Policy` and `RateLimit` as structured fields of the IETF httpapi
 * draft, and the older `X-RateLimit-*` of the tightest one. Called again it adds buckets. Buckets kept per e-mail over
 * all addresses are never shown, nor is a policy in shadow: it is nothing that a client has to heed.
 */
export function showLevels(response: Response, decision: Decision): void {
  const before = (response.locals[SHOWN] ?? []) as ChargedLevel[];
  const shown = [...before, ...decision.levels.filter(isShown)];
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

/** The 429 of a refused decision. */
export function rateLimited(decision: Decision): Problem {
  const retryAfterSeconds = Math.max(1, Math.ceil(decision.retryInMs / 1000));
  return new Problem('rate_limited', {
    retryAfterSeconds,
    detail: `Too many requests. Try again in ${retryAfterSeconds} s.`,
  });
}

/** What one request is charged beyond the global limit, settled when it is known how the work ended. */
export class RequestCharges {
  readonly #limiter: Limiter;
  readonly #response: Response;
  readonly #charged: RouteCharge[] = [];

  constructor(limiter: Limiter, response: Response) {
    this.#limiter = limiter;
    this.#response = response;
  }

  /** Takes a token for each charge, or none. Throws `Problem` `rate_limited`. */
  async charge(charges: readonly RouteCharge[]): Promise<void> {
    if (charges.length === 0) return;
    const decision = await this.#limiter.take(charges);
    showLevels(this.#response, decision);
    if (!decision.allowed) throw rateLimited(decision);
    this.#charged.push(...decision.taken);
  }

  /** Gives back what counts failures only, unless the work ended in a problem that it counts. */
  async settle(problem: ProblemName | undefined): Promise<void> {
    const returned = this.#charged.filter(
      ({ keptFor }) => keptFor !== undefined && (problem === undefined || !keptFor.includes(problem)),
    );
    if (returned.length === 0) return;
    await this.#limiter.giveBack(returned).catch((error: unknown) => {
      // A token that cannot be returned stays taken; the work is done, and its answer stands.
      if (!(error instanceof DependencyUnavailable)) throw error;
    });
  }
}

function isShown({ policy, inForce }: ChargedLevel): boolean {
  return POLICIES[policy].shown && inForce.mode === 'enforce';
}

function policyItem({ policy, inForce: { capacity, refillPerSecond } }: ChargedLevel): string {
  return `"${policy}";q=${capacity};w=${Math.ceil(capacity / refillPerSecond)}`;
}

function levelItem({ policy, remaining, msToNext }: ChargedLevel): string {
  return `"${policy}";r=${remaining};t=${Math.ceil(msToNext / 1000)}`;
}
