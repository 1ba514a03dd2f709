import { RecentlyUsed } from '../recently-used';
import type {
  Bucket,
  BucketLevel,
  BucketState,
  TakeResult,
  TokenBucketStore,
} from '../stores/token-bucket/token-bucket-store';
import { digestWith, firstKey } from '../tokens/keyring';
import type { PolicyName } from './policies';
import type { Mode, PoliciesInForce, PolicyInForce } from './policies-in-force';

/** One policy applied to whoever `parts` names: an address, an e-mail, a user's id. */
export interface Charge {
  readonly policy: PolicyName;
  readonly parts: readonly string[];
  /** Costs its token also where another charge of the same take is refused. */
  readonly regardless?: boolean;
}

export interface ChargedLevel<C extends Charge = Charge> extends BucketLevel {
  readonly charge: C;
  readonly inForce: PolicyInForce;
  /** True when it cost a token, which may be given back. */
  readonly taken: boolean;
}

export interface Decision<C extends Charge = Charge> {
  /** In spite of a policy in shadow that would refuse. */
  readonly allowed: boolean;
  /** Of every bucket asked, in the order asked. */
  readonly levels: readonly ChargedLevel<C>[];
  /** Milliseconds until every bucket that refused has a token again; 0 when allowed. */
  readonly retryInMs: number;
}

/** How a bucket stands. One in shadow refuses nothing, so it is open, whatever remains. */
export interface ExplainedBucket extends BucketState {
  readonly policy: PolicyName;
  readonly capacity: number;
}

export interface LimiterEvents {
  onDecision(policy: PolicyName, allowed: boolean, mode: Mode): void;
  /** Tokens could not be returned. */
  onLost(error: unknown): void;
}

export interface LimiterOptions {
  readonly store: TokenBucketStore;
  readonly policies: Pick<PoliciesInForce, 'of'>;
  /** Turns what is limited into keys, so that the store holds neither e-mails nor addresses. */
  readonly keys: readonly Buffer[];
  readonly events: LimiterEvents;
}

/** Takes the tokens, where that is more than the store's `take`. */
export type Taker = (buckets: readonly Bucket[]) => Promise<TakeResult>;

/** Digests remembered, at about 300 bytes each. */
const DIGESTS = 10_000;

/** Applies the policies: which bucket a charge falls on, and what came of it. */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #digests = new RecentlyUsed<string>(DIGESTS);

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /**
   * Takes a token for each charge, or for none but those that pay regardless. Throws
   * `DependencyUnavailable`.
   */
  async take<C extends Charge>(
    charges: readonly C[],
    by: Taker = (buckets) => this.#options.store.take(buckets),
  ): Promise<Decision<C>> {
    const asked = charges.map((charge) => this.#asked(charge));
    const { allowed, levels } = await by(asked.map(({ bucket }) => bucket));
    const charged: ChargedLevel<C>[] = [];
    let retryInMs = 0;
    for (const [index, { charge, inForce }] of asked.entries()) {
      // Named one by one, as in `level.ts`: this is on the way of every request.
      const { at, remaining, msToNext, refused } = answerAt(levels, index);
      const taken = !refused && (allowed || charge.regardless === true);
      charged.push({ charge, inForce, taken, at, remaining, msToNext, refused });
      // In a refused take the buckets with tokens gave none: no decision was made on them.
      if (taken || refused) this.#options.events.onDecision(charge.policy, taken, inForce.mode);
      if (refused && inForce.mode === 'enforce') retryInMs = Math.max(retryInMs, msToNext);
    }
    return { allowed, levels: charged, retryInMs };
  }

  /** Returns the tokens of charges that turned out not to count. Throws `DependencyUnavailable`. */
  async giveBack(taken: readonly ChargedLevel[]): Promise<void> {
    const tokens = taken.map(({ charge, at }) => ({ ...this.#asked(charge).bucket, takenAt: at }));
    await this.#options.store.giveBack(tokens);
  }

  /**
   * The same, and nobody waits for it: the next command on the connection finds it done. A token that cannot be returned
   * stays taken.
   */
  giveBackSoon(taken: readonly ChargedLevel[]): void {
    this.giveBack(taken).catch(this.#options.events.onLost);
  }

  /** How the buckets of these charges stand; takes nothing. Throws `DependencyUnavailable`. */
  async explain(charges: readonly Charge[]): Promise<ExplainedBucket[]> {
    const asked = charges.map((charge) => this.#asked(charge));
    const states = await this.#options.store.peek(asked.map(({ bucket }) => bucket));
    return asked.map(({ charge: { policy }, inForce: { capacity, mode } }, index) => {
      const open = mode === 'shadow' && { refusingSince: null, opensAt: null };
      return { policy, capacity, ...answerAt(states, index), ...open };
    });
  }

  /** Makes the buckets of these charges full again. Throws `DependencyUnavailable`. */
  async release(charges: readonly Charge[]): Promise<void> {
    await this.#options.store.fill(charges.map((charge) => this.#asked(charge).bucket.key));
  }

  /** The bucket of a charge, and what was in force when it was asked: that may change before the store answers. */
  #asked<C extends Charge>(charge: C) {
    const { policy, parts, regardless = false } = charge;
    const inForce = this.#options.policies.of(policy);
    const { capacity, refillPerSecond, since, mode } = inForce;
    const key = `${policy}:${this.#digest(parts)}`;
    const bucket: Bucket = { key, capacity, refillPerSecond, since, shadow: mode === 'shadow', regardless };
    return { charge, inForce, bucket };
  }

  /** Remembered, for whoever calls calls again: to look one up costs a sixth of making it. */
  #digest(parts: readonly string[]): string {
    const whose = JSON.stringify(parts);
    const known = this.#digests.find(whose);
    if (known !== undefined) return known;
    const digest = digestWith(firstKey(this.#options.keys), ...parts);
    this.#digests.put(whose, digest);
    return digest;
  }
}

function answerAt<A>(answers: readonly A[], index: number): A {
  const answer = answers[index];
  if (answer === undefined) throw new Error('the store answered for fewer buckets than it was asked for');
  return answer;
}
