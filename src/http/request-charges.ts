import type { Response } from 'express';
import type { ChargedLevel, Decision, Limiter, Taker } from '../limits/limiter';
import { unlessUnavailable } from '../stores/dependency-unavailable';
import type { RouteCharge } from './endpoint';
import type { ProblemName } from './problem';
import { rateLimited, showLevels, showReturned } from './rate-limiter';

/** What one request is charged, settled when it is known how the work ended. */
export class RequestCharges {
  readonly #limiter: Limiter;
  readonly #response: Response;
  readonly #taken: ChargedLevel<RouteCharge>[] = [];
  #deferred: readonly RouteCharge[] = [];
  #failed = false;

  constructor(limiter: Limiter, response: Response) {
    this.#limiter = limiter;
    this.#response = response;
  }

  /** Puts a charge off to the next ones, so that one step takes them all; `chargeDeferred` where none come. */
  defer(charge: RouteCharge): void {
    this.#deferred = [...this.#deferred, charge];
  }

  /** Takes what was put off. Throws `Problem` `rate_limited`. */
  async chargeDeferred(): Promise<void> {
    await this.charge([]);
  }

  /**
   * Takes a token for each charge, and for those put off, or for none but those that pay regardless. Throws `Problem`
   * `rate_limited`.
   */
  async charge(charges: readonly RouteCharge[], by?: Taker): Promise<void> {
    const asked = [...this.#deferred, ...charges];
    this.#deferred = [];
    if (asked.length === 0) return;
    const decision = await this.#take(asked, by);
    if (decision.allowed) return;
    const refusing = decision.levels.filter(({ refused, inForce }) => refused && inForce.mode === 'enforce');
    // Where others refuse as well, a budget that does not hold for everybody says nothing: whoever it does hold for meets it
    // at the next try, and whoever is exempt must not be told to wait for it.
    const forEverybody = refusing.filter(({ charge }) => charge.exempt === undefined);
    if (forEverybody.length > 0) throw rateLimited(Math.max(...forEverybody.map(({ msToNext }) => msToNext)));
    // Such budgets alone refuse. The others are charged before it is looked up for whom.
    const others = asked.filter(
      (one) => one.regardless !== true && !refusing.some(({ charge }) => charge === one),
    );
    const rest = await this.#take(others);
    if (!rest.allowed) throw rateLimited(rest.retryInMs);
    for (const { charge } of refusing) {
      if ((await charge.exempt?.()) === true) continue;
      // What a look-up was made for is not free: those others bound how many there are.
      this.#failed = true;
      throw rateLimited(decision.retryInMs);
    }
  }

  /** What counts failures is kept from now on, whatever the work ends in. */
  fail(): void {
    this.#failed = true;
  }

  /**
   * Gives back what counts failures only, unless the work ended in a problem that it counts. Nobody waits for that: the
   * next command on this connection finds it done, and a token that cannot be returned stays taken.
   */
  async settle(problem: ProblemName | undefined): Promise<void> {
    const returned: ChargedLevel<RouteCharge>[] = [];
    for (const level of this.#taken) if (await this.#isReturned(level.charge, problem)) returned.push(level);
    if (returned.length === 0) return;
    showReturned(this.#response, returned);
    this.#limiter.giveBackSoon(returned);
  }

  async #take(charges: readonly RouteCharge[], by?: Taker): Promise<Decision<RouteCharge>> {
    const decision = await this.#limiter.take(charges, by);
    showLevels(this.#response, decision.levels);
    for (const level of decision.levels) if (level.taken) this.#taken.push(level);
    return decision;
  }

  async #isReturned(charge: RouteCharge, problem: ProblemName | undefined): Promise<boolean> {
    if (charge.keptFor === undefined) return false;
    if (problem === undefined || !(this.#failed || charge.keptFor.includes(problem))) return true;
    if (charge.exempt === undefined) return false;
    const exempt = await charge.exempt().catch(unlessUnavailable);
    return exempt === true;
  }
}
