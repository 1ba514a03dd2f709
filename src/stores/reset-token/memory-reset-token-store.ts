import type { Clock } from '../../clock';
import { ExpiringMap } from '../memory/expiring-map';
import type { ResetGrant, ResetTokenStore } from './reset-token-store';

const MAX_GRANTS = 1_000_000;

/** Reset tokens in this process: for one instance alone. A restart voids them. */
export class MemoryResetTokenStore implements ResetTokenStore {
  readonly #clock: Clock;
  readonly #grants = new ExpiringMap<ResetGrant>(MAX_GRANTS);

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void> {
    const now = this.#clock.now();
    if (expiresAt > now) this.#grants.set(digest, grant, expiresAt, now);
  }

  async find(digest: string): Promise<ResetGrant | undefined> {
    return this.#grants.get(digest, this.#clock.now());
  }

  async remove(digest: string): Promise<boolean> {
    const removed = this.#grants.get(digest, this.#clock.now()) !== undefined;
    this.#grants.delete(digest);
    return removed;
  }
}
