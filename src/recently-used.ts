/** The values last asked for, by key, at most so many: the longest unused makes room. */
export class RecentlyUsed<Value> {
  readonly #capacity: number;
  /** In the order of use, the longest unused first. */
  readonly #values = new Map<string, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  find(key: string): Value | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  put(key: string, value: Value): void {
    this.#values.set(key, value);
    if (this.#values.size <= this.#capacity) return;
    const [longestUnused] = this.#values.keys();
    if (longestUnused !== undefined) this.#values.delete(longestUnused);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
