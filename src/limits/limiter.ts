import type { BucketLevel, TokenBucketStore } from '../stores/token-bucket/token-bucket-store';
import { digestWith, firstKey } from '../tokens/keyring';
import type { PolicyName, Rate } from './policies';

/** One policy applied to whoever `parts` names: an address, an e-mail, a user's id. */
export interface Charge {
  readonly policy: PolicyName;
  readonly parts: readonly string[];
}

export interface ChargedLevel extends BucketLevel {
  readonly policy: PolicyName;
  readonly rate: Rate;
}

export interface Decision {
  readonly allowed: boolean;
  /** Of every bucket asked, in the order asked. */
  readonly levels: readonly ChargedLevel[];
  /** Milliseconds until every bucket that refused has a token again; 0 when allowed. */
  readonly retryInMs: number;
}

export interface LimiterEvents {
  onDecision(policy: PolicyName, allowed: boolean): void;
}

export interface LimiterOptions {
  readonly store: TokenBucketStore;
  readonly rates: Readonly<Record<PolicyName, Rate>>;
  /** Turns what is limited into keys, so that the store holds neither e-mails nor addresses. */
  readonly keys: readonly Buffer[];
  readonly events: LimiterEvents;
}

/** Applies the policies: which bucket a charge falls on, and what came of it. */
export class Limiter {
  readonly #options: LimiterOptions;

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /** Takes a token for each charge, or none at all. Throws `DependencyUnavailable`. */
  async take(charges: readonly Charge[]): Promise<Decision> {
    const { allowed, levels } = await this.#options.store.take(charges.map((charge) => this.#bucket(charge)));
    const charged = charges.map(({ policy }, index): ChargedLevel => {
      const level = levels[index];
      if (level === undefined) throw new Error('the store answered for fewer buckets than it was asked for');
      return { ...level, policy, rate: this.#options.rates[policy] };
    });
    for (const { policy, refused } of charged) {
      // In a refused take the buckets with tokens gave none: no decision was made on them.
      if (allowed || refused) this.#options.events.onDecision(policy, allowed);
    }
    const waits = charged.filter((level) => level.refused).map((level) => level.msToNext);
    return { allowed, levels: charged, retryInMs: Math.max(0, ...waits) };
  }

  /** Returns the tokens of charges that turned out not to count. Throws `DependencyUnavailable`. */
  async giveBack(charges: readonly Charge[]): Promise<void> {
    await this.#options.store.giveBack(charges.map((charge) => this.#bucket(charge)));
  }

  #bucket({ policy, parts }: Charge) {
    const digest = digestWith(firstKey(this.#options.keys), ...parts);
    return { key: `${policy}:${digest}`, ...this.#options.rates[policy] };
  }
}
