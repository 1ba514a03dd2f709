import type { Counter, Registry } from 'prom-client';
import { counterOf } from './known-counter';
import { scrapedGauges } from './scraped-gauges';

export interface LiveCount {
  readonly users: number;
  readonly sessions: number;
}

/** Live sessions, and what keeps looking them up cheap. */
export class SessionMetrics {
  readonly #registry: Registry;
  readonly #lookups: Counter<'result'>;
  readonly #refills: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#lookups = counterOf(registry, {
      name: 'access_token_cache_lookups_total',
      help: 'Access tokens looked up among those verified before',
      labelNames: ['result'],
      known: [{ result: 'hit' }, { result: 'miss' }],
    });
    this.#refills = counterOf(registry, {
      name: 'session_refills_total',
      help: 'Sessions missing from the store that were looked for in the record',
      labelNames: ['outcome'],
      known: [{ outcome: 'restored' }, { outcome: 'absent' }],
    });
  }

  countLookup(hit: boolean): void {
    this.#lookups.inc({ result: hit ? 'hit' : 'miss' });
  }

  countRefill(outcome: 'restored' | 'absent'): void {
    this.#refills.inc({ outcome });
  }

  follow(countLive: () => Promise<LiveCount>): void {
    scrapedGauges(this.#registry, countLive, [
      { name: 'sessions_active', help: 'Live sessions', read: ({ sessions }) => sessions },
      {
        name: 'business_kpi_active_users',
        help: 'Users with a live session',
        read: ({ users }) => users,
      },
    ]);
  }
}
