import { Gauge, Histogram, type Registry } from 'prom-client';
import type { HashingEvents } from '../passwords/hashing-queue';
import { counterOf } from './known-counter';

/** What waits to be hashed, and how much may. */
export interface HashingBacklog {
  readonly queued: number;
  readonly maxQueued: number;
}

/** Passwords being hashed: what costs the service most, and what it refuses first. */
export class HashingMetrics {
  readonly #registry: Registry;
  /** What the queue of hashes tells. */
  readonly events: HashingEvents;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    const wait = new Histogram({
      name: 'password_hash_wait_seconds',
      help: 'Time that a hash waited for its turn',
      buckets: [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8],
      registers,
    });
    const duration = new Histogram({
      name: 'password_hash_duration_seconds',
      help: 'Time that a hash took from its turn on',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    const rejected = counterOf(registry, {
      name: 'password_hash_rejected_total',
      help: 'Hashes refused because too many were waiting, or this one had waited too long',
      labelNames: [],
    });
    this.events = {
      onBegun: (waitSeconds) => wait.observe(waitSeconds),
      onEnded: (seconds) => duration.observe(seconds),
      onRefused: () => rejected.inc(),
    };
  }

  follow(stats: () => HashingBacklog): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'password_hash_queue_capacity',
      help: 'Hashes that may wait for their turn',
      registers,
      collect() {
        this.set(stats().maxQueued);
      },
    });
    new Gauge({
      name: 'password_hash_queue_depth',
      help: 'Hashes that wait for their turn',
      registers,
      collect() {
        this.set(stats().queued);
      },
    });
  }
}
