import type { Clock } from '../../clock';
import { ExpiringMap } from '../memory/expiring-map';
import type { ResetGrant, ResetTokenStore, TakenGrant } from './reset-token-store';

const MAX_GRANTS = 1_000_000;

/** Reset tokens in this process: for one instance alone. A restart voids them. */
export class MemoryResetTokenStore implements ResetTokenStore {
  readonly #clock: Clock;
  readonly #grants = new ExpiringMap<TakenGrant>(MAX_GRANTS);

  constructor(options: { readonly clock: Clock }) {
    this.#clock = options.clock;
  }

  async put(digest: string, grant: ResetGrant, expiresAt: number): Promise<void> {
    const now = this.#clock.now();
    if (expiresAt > now) this.#grants.set(digest, { grant, expiresAt }, expiresAt, now);
  }

  async take(digest: string): Promise<TakenGrant | undefined> {
    const taken = this.#grants.get(digest, this.#clock.now());
    this.#grants.delete(digest);
    return taken;
  }
}
