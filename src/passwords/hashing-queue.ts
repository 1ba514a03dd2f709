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

export interface HashingEvents {
  /** A job is begun, so long after it came. */
  onBegun(waitSeconds: number): void;
  /** It has ended, well or ill, so long after it was begun. */
  onEnded(seconds: number): void;
  /** A job was refused: too many were waiting, or it had waited too long. */
  onRefused(): void;
}

export interface HashingQueueOptions {
  /** Jobs at once. */
  readonly concurrency: number;
  /** Jobs that may wait. */
  readonly maxQueued: number;
  /** A job that has waited longer is not begun: nobody waits for its answer any more. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  readonly events?: HashingEvents | undefined;
}

interface Job {
  /** `performance.now()` once it is begun. */
  begunAt?: number;
  readonly queuedAt: number;
  /** The same by `performance.now()`, which no change of the clock moves. */
  readonly cameAt: number;
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
    const job: Job = { queuedAt: this.#options.clock.now(), cameAt: performance.now(), work };
    try {
      return await this.#queue.push(job);
    } finally {
      // Told here, where whoever asked waits, and not in the queue, where one job begins the next.
      const { begunAt } = job;
      if (begunAt !== undefined) this.#options.events?.onEnded((performance.now() - begunAt) / 1000);
    }
  }

  /** Jobs under way, those that wait, and how many may. */
  stats(): { readonly running: number; readonly queued: number; readonly maxQueued: number } {
    const { maxQueued } = this.#options;
    return { running: this.#queue.running(), queued: this.#queue.length(), maxQueued };
  }

  async #begin(job: Job): Promise<unknown> {
    const { clock, maxWaitMs, events } = this.#options;
    if (clock.now() - job.queuedAt > maxWaitMs) throw this.#overloaded();
    job.begunAt = performance.now();
    events?.onBegun((job.begunAt - job.cameAt) / 1000);
    return await job.work();
  }

  #overloaded(): HashingOverloaded {
    this.#options.events?.onRefused();
    return new HashingOverloaded(Math.max(1, Math.ceil(this.#options.maxWaitMs / 1000)));
  }
}
