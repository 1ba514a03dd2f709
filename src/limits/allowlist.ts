import type { Clock } from '../clock';
import type { AllowlistEntry, AllowlistStore } from '../stores/allowlist/allowlist-store';
import type { Origin } from '../stores/audit/audit-store';
import { type Network, parseNetwork } from './network';

/** Milliseconds that what was read holds good: a change is in force on every instance after that. */
const GOOD_MS = 1_000;

/** For a change from the machine itself, which no list keeps out. */
export const LOCAL: unique symbol = Symbol('the machine itself');

/** Whose access a change must not end: a client's whole address, or nobody's. */
export type Caller = string | undefined | typeof LOCAL;

interface Loaded {
  readonly at: number;
  readonly entries: Promise<readonly (AllowlistEntry & { readonly network: Network | undefined })[]>;
}

/**
 * Which addresses the admin surface lets in. A list without entries lets in all; any entry, expired or not, makes it let
 * in those listed alone. Every method throws `DependencyUnavailable`: nobody gets in while the list cannot be read.
 */
export class Allowlist {
  readonly #store: AllowlistStore;
  readonly #clock: Clock;
  #loaded: Loaded | undefined;

  constructor({ store, clock }: { readonly store: AllowlistStore; readonly clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** `peer` is the client's whole address; one that cannot be read is not on any list. */
  async admits(peer: string | undefined): Promise<boolean> {
    const entries = await this.#current();
    const now = this.#clock.now();
    return entries.length === 0 || entries.some((entry) => isLive(entry, now) && covers(entry, peer));
  }

  async list(): Promise<readonly AllowlistEntry[]> {
    return this.#store.list();
  }

  /** Refused if no lasting entry would cover the caller's own address. `ttl` is in seconds. */
  async add(
    entry: { readonly network: Network; readonly note: string | null; readonly ttl: number | undefined },
    caller: Caller,
    by: Origin,
  ): ReturnType<AllowlistStore['add']> {
    const { network, note, ttl } = entry;
    const expiresAt = ttl === undefined ? null : this.#clock.now() + ttl * 1000;
    return this.#changed(this.#store.add({ cidr: network.cidr, note, expiresAt }, keepsIn(caller), by));
  }

  /** Refused as `add` is, and if it would leave no entry: that opens the surface to all, which only `open` does. */
  async remove(id: string, caller: Caller, by: Origin): ReturnType<AllowlistStore['remove']> {
    return this.#changed(this.#store.remove(id, keepsIn(caller), by));
  }

  /** Empties the list: it is off. */
  async open(by: Origin): Promise<void> {
    await this.#changed(this.#store.clear(by));
  }

  async #changed<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      // Also after a failure: it may have come to be.
      this.#loaded = undefined;
    }
  }

  #current(): Loaded['entries'] {
    const now = this.#clock.now();
    // A clock that was set back must not make an old list good.
    const good = this.#loaded !== undefined && Math.abs(now - this.#loaded.at) < GOOD_MS;
    if (this.#loaded !== undefined && good) return this.#loaded.entries;
    const loaded: Loaded = {
      at: now,
      entries: this.#store
        .list()
        .then((entries) => entries.map((entry) => ({ ...entry, network: parseNetwork(entry.cidr) }))),
    };
    this.#loaded = loaded;
    loaded.entries.catch(() => {
      if (this.#loaded === loaded) this.#loaded = undefined;
    });
    return loaded.entries;
  }
}

function isLive({ expiresAt }: AllowlistEntry, now: number): boolean {
  return expiresAt === null || now < expiresAt;
}

function covers(
  entry: AllowlistEntry & { readonly network?: Network | undefined },
  peer: string | undefined,
) {
  return (entry.network ?? parseNetwork(entry.cidr))?.includes(peer) === true;
}

function keepsIn(caller: Caller) {
  return (entries: readonly AllowlistEntry[]) =>
    caller === LOCAL
      ? entries.length > 0
      : entries.some((entry) => entry.expiresAt === null && covers(entry, caller));
}
