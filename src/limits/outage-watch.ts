import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { Bucket, TakenToken, TokenBucketStore } from '../stores/token-bucket/token-bucket-store';

/** Milliseconds between two looks for the store's return. */
export const LOOK_MS = 500;

/** What it is asked for: a bucket of nobody's. */
const LOOK: Bucket = { key: 'outage-watch', capacity: 1_000_000, refillPerSecond: 1_000_000 };

export interface OutageEvents {
  /** The first call has failed: from now on what needs the limits is refused. */
  onOutage(error: DependencyUnavailable): void;
  /** The store answers again, `outageMs` after that. */
  onReturn(outageMs: number): void;
}

/**
 * A store that tells when it goes away and when it is back: away from the first call that fails, back by itself, without
 * a request. Of a cluster one missing master is an outage, and all of them are asked before it is over.
 */
export class OutageWatch implements TokenBucketStore {
  readonly #store: TokenBucketStore;
  readonly #events: OutageEvents;
  #awaySince: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(store: TokenBucketStore, events: OutageEvents) {
    this.#store = store;
    this.#events = events;
  }

  take(buckets: readonly Bucket[]): ReturnType<TokenBucketStore['take']> {
    return this.watch(this.#store.take(buckets));
  }

  giveBack(tokens: readonly TakenToken[]): Promise<void> {
    return this.watch(this.#store.giveBack(tokens));
  }

  peek(buckets: readonly Bucket[]): ReturnType<TokenBucketStore['peek']> {
    return this.watch(this.#store.peek(buckets));
  }

  fill(keys: readonly string[]): Promise<void> {
    return this.watch(this.#store.fill(keys));
  }

  ready(): Promise<void> {
    return this.watch(this.#store.ready());
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Watches any other call that needs the same server. */
  watch<T>(call: Promise<T>): Promise<T> {
    return call.catch((error: unknown) => {
      if (error instanceof DependencyUnavailable && this.#awaySince === undefined) {
        this.#awaySince = performance.now();
        this.#events.onOutage(error);
        this.#lookLater();
      }
      throw error;
    });
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    try {
      await this.#store.ready();
      await this.#store.take([LOOK]);
    } catch {
      this.#lookLater();
      return;
    }
    if (this.#stopped || this.#awaySince === undefined) return;
    const outageMs = Math.round(performance.now() - this.#awaySince);
    this.#awaySince = undefined;
    this.#events.onReturn(outageMs);
  }
}
