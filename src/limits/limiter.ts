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

/** Applies the policies: which bucket a charge falls on, and what came of it. */
export class Limiter {
  readonly #options: LimiterOptions;

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
    const charged = asked.map(({ charge, inForce }, index): ChargedLevel<C> => {
      const level = answerAt(levels, index);
      const taken = !level.refused && (allowed || charge.regardless === true);
      return { charge, inForce, taken, ...level };
    });
    for (const { charge, taken, refused, inForce } of charged) {
      // In a refused take the buckets with tokens gave none: no decision was made on them.
      if (taken || refused) this.#options.events.onDecision(charge.policy, taken, inForce.mode);
    }
    const refusing = charged.filter(({ refused, inForce }) => refused && inForce.mode === 'enforce');
    return {
      allowed,
      levels: charged,
      retryInMs: Math.max(0, ...refusing.map(({ msToNext }) => msToNext)),
    };
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
    const key = `${policy}:${digestWith(firstKey(this.#options.keys), ...parts)}`;
    const bucket: Bucket = { key, capacity, refillPerSecond, since, shadow: mode === 'shadow', regardless };
    return { charge, inForce, bucket };
  }
}

function answerAt<A>(answers: readonly A[], index: number): A {
  const answer = answers[index];
  if (answer === undefined) throw new Error('the store answered for fewer buckets than it was asked for');
  return answer;
}
