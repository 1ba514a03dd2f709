import { StoreFull } from '../store-full';

/** Entries looked at for their end at each new one: more than it adds, so the dead leave faster than the new come. */
const SWEEP_SLICE = 4;

/**
 * A map whose entries die at a time, and which holds at most so many. The dead are swept a few at a time at each write,
 * so no call pays for all of them.
 */
export class ExpiringMap<Value> {
  readonly #entries = new Map<string, { value: Value; expiresAt: number }>();
  readonly #maxEntries: number;
  #cursor: Iterator<[string, { readonly expiresAt: number }]> | undefined;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, unless its time (`expiresAt`, in the units of `now`) has come. */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.expiresAt <= now ? undefined : entry.value;
  }

  /** True when so many new entries can be put in; looks for dead ones to make room. */
  hasRoomFor(count: number, now: number): boolean {
    const limit = this.#maxEntries - count;
    if (this.#entries.size > limit) this.#sweep(now, SWEEP_SLICE * 16);
    return this.#entries.size <= limit;
  }

  /** Puts or replaces an entry. Throws `StoreFull` when there is no room for a new one. */
  set(key: string, value: Value, expiresAt: number, now: number): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.value = value;
      entry.expiresAt = expiresAt;
      // Adds nothing, but where nothing new comes the dead have to leave as well; this one lives again by now.
      this.#sweep(now, 1);
      return;
    }
    this.#sweep(now, SWEEP_SLICE);
    if (!this.hasRoomFor(1, now)) throw new StoreFull();
    this.#entries.set(key, { value, expiresAt });
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  #sweep(now: number, count: number): void {
    for (let looked = 0; looked < count; looked += 1) {
      this.#cursor ??= this.#entries.entries();
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = undefined;
        return;
      }
      const [key, { expiresAt }] = next.value;
      if (expiresAt <= now) this.#entries.delete(key);
    }
  }
}
