import type { Origin } from '../audit/audit-store';

/** A network that the admin surface lets in. Times are milliseconds since the epoch. */
export interface AllowlistEntry {
  readonly id: string;
  /** In canonical form. */
  readonly cidr: string;
  readonly note: string | null;
  /** From then on it admits nobody; null for a lasting entry. */
  readonly expiresAt: number | null;
}

/** Entries there may be at a time, expired ones included. */
export const MAX_ALLOWLIST_ENTRIES = 1_000;

/** Says whether these entries would do; asked while nobody else can change them. */
export type Acceptable = (entries: readonly AllowlistEntry[]) => boolean;

/**
 * The allow-list of the admin surface. Without an entry it is off; an expired one keeps it on. Changes come one after the
 * other, each in one atomic step with its audit event. Every method throws `DependencyUnavailable`.
 */
export interface AllowlistStore {
  /** All entries, the oldest first. */
  list(): Promise<readonly AllowlistEntry[]>;
  /** `refused`: the entries with this one would not be acceptable. */
  add(
    entry: Omit<AllowlistEntry, 'id'>,
    acceptable: Acceptable,
    by: Origin,
  ): Promise<
    { readonly outcome: 'added'; readonly entry: AllowlistEntry } | { readonly outcome: 'refused' | 'full' }
  >;
  /** `refused`: the entries without this one would not be acceptable. */
  remove(id: string, acceptable: Acceptable, by: Origin): Promise<'removed' | 'refused' | 'unknown'>;
  /** Removes all entries: the list is off. */
  clear(by: Origin): Promise<void>;
}
