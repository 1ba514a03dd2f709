import fastq from 'fastq';
import type { Clock } from '../clock';

/** More is to be hashed than can be in reasonable time; nothing was begun for this call. */
export class HashingOverloaded extends Error {
  override readonly name = 'HashingOverloaded';

  /** After `retryAfterSeconds` everything that waits now has been done or refused. */
  constructor(readonly retryAfterSeconds: number) {
    super('too many passwords are waiting to be hashed');
  }
}

export interface HashingQueueOptions {
  /** Jobs at once. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  /** A job that has waited longer is not begun: nobody waits for its answer any more. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
}

interface Job {
  readonly queuedAt: number;
  readonly work: () => Promise<unknown>;
}

/** Runs jobs that keep a core busy: few at once, a bounded number waiting, for a bounded time. */
export class HashingQueue {
  readonly #options: HashingQueueOptions;
  readonly #queue: fastq.queueAsPromised<Job>;

  constructor(options: HashingQueueOptions) {
    this.#options = options;
    this.#queue = fastq.promise((job: Job) => this.#begin(job), options.concurrency);
  }

  /** Throws `HashingOverloaded`. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const full =
      this.#queue.running() >= this.#options.concurrency && this.#queue.length() >= this.#options.maxQueued;
    if (full) throw this.#overloaded();
    return await this.#queue.push({ queuedAt: this.#options.clock.now(), work });
  }

  stats(): { readonly running: number; readonly queued: number } {
    return { running: this.#queue.running(), queued: this.#queue.length() };
  }

  async #begin({ queuedAt, work }: Job): Promise<unknown> {
    if (this.#options.clock.now() - queuedAt > this.#options.maxWaitMs) throw this.#overloaded();
    return await work();
  }

  #overloaded(): HashingOverloaded {
    return new HashingOverloaded(Math.max(1, Math.ceil(this.#options.maxWaitMs / 1000)));
  }
}
