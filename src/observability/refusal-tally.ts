import type { Clock } from '../clock';
import type { AuditStore, Refusal, RefusalSum } from '../stores/audit/audit-store';

/**
 * Different refusals held at a time; whoever comes beyond them is counted without an address, and in the minute in which
 * the first of them came.
 */
const MAX_HELD = 10_000;
const MANY_ADDRESSES = 'many';

/** Sums written in one statement. */
const BATCH = 500;

type Held = { -readonly [Member in keyof RefusalSum]: RefusalSum[Member] };

/** Sums of refusals, held in this process until they are written down. */
export class RefusalTally {
  readonly #store: AuditStore;
  readonly #clock: Clock;
  #held = new Map<string, Held>();
  #flushing: Promise<void> | undefined;

  constructor(store: AuditStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  add(refusal: Refusal, count = 1, at = this.#clock.now()): void {
    const many = refusal.address === MANY_ADDRESSES;
    const minute = many ? null : Math.floor(at / 60_000);
    const key = JSON.stringify([minute, refusal.type, refusal.code, refusal.address]);
    const held = this.#held.get(key);
    if (held !== undefined) {
      held.count += count;
    } else if (this.#held.size < MAX_HELD || many) {
      this.#held.set(key, { at, refusal, count });
    } else {
      this.add({ ...refusal, address: MANY_ADDRESSES }, count, at);
    }
  }

  /** Writes down what is held; what could not be written is held on. Throws `DependencyUnavailable`. */
  async flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const waiting = [...this.#held.values()];
    this.#held = new Map();
    for (let from = 0; from < waiting.length; from += BATCH) {
      try {
        await this.#store.addRefusals(waiting.slice(from, from + BATCH));
      } catch (error) {
        for (const { refusal, count, at } of waiting.slice(from)) this.add(refusal, count, at);
        throw error;
      }
    }
  }
}
