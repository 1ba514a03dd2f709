/**
 * The values last asked for, by key: at most `capacity`, at least half as many. Two generations: what was not asked for
 * while one filled goes with it, so nothing has to be kept in order, and a flood of keys costs no more than their own.
 */
export class RecentlyUsed<Value> {
  readonly #half: number;
  #younger = new Map<string, Value>();
  #older = new Map<string, Value>();

  /** `capacity` is at least 2. */
  constructor(capacity: number) {
    this.#half = Math.floor(capacity / 2);
  }

  find(key: string): Value | undefined {
    const value = this.#younger.get(key);
    if (value !== undefined) return value;
    const older = this.#older.get(key);
    if (older !== undefined) this.put(key, older);
    return older;
  }

  put(key: string, value: Value): void {
    if (this.#younger.size >= this.#half && !this.#younger.has(key)) {
      this.#older = this.#younger;
      this.#younger = new Map();
    }
    this.#younger.set(key, value);
  }

  delete(key: string): void {
    this.#younger.delete(key);
    this.#older.delete(key);
  }
}
