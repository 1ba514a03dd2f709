/** Where a refresh token can lie beyond this page; `localStorage` and the like. Whatever script runs there can read it. */
export interface TokenStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

/** The refresh token: in memory, and in a storage if there is one, where other tabs change it too. */
export class KeptRefreshToken {
  readonly #storage: TokenStorage | undefined;
  readonly #key: string;
  #held: string | undefined;
  /** The storage did not take what is held: it is not asked until it takes the next one. */
  #unsaved = false;

  constructor(storage: TokenStorage | undefined, key: string) {
    this.#storage = storage;
    this.#key = key;
  }

  async read(): Promise<string | undefined> {
    if (this.#storage === undefined || this.#unsaved) return this.#held;
    return (await this.#storage.getItem(this.#key)) ?? undefined;
  }

  /** Never throws: a full storage must not cost the session, which goes on in this tab. */
  async write(token: string): Promise<void> {
    this.#held = token;
    try {
      await this.#storage?.setItem(this.#key, token);
      this.#unsaved = false;
    } catch {
      this.#unsaved = true;
      // The one before it would be taken for a stolen one by and by.
      await this.#remove().catch(() => {});
    }
  }

  async clear(): Promise<void> {
    this.#held = undefined;
    this.#unsaved = false;
    await this.#remove();
  }

  async #remove(): Promise<void> {
    await this.#storage?.removeItem(this.#key);
  }
}
