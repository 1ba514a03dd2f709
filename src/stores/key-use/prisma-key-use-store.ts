import type { Database } from '../postgres/database';
import type { KeyUse, KeyUseStore } from './key-use-store';

interface Counted {
  readonly id: string;
  readonly rows: bigint;
}

/** Counts in PostgreSQL. */
export class PrismaKeyUseStore implements KeyUseStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async countByPepper(): Promise<KeyUse> {
    // `tg1$`, then the 11 characters of the pepper's id.
    const counted = await this.#database.run(
      (client) => client.$queryRaw<Counted[]>`
        SELECT substr(password_hash, 5, 11) AS id, count(*) AS rows FROM users
        WHERE password_hash LIKE 'tg1$%' GROUP BY 1`,
    );
    return useOf(counted);
  }

  async countByAuditKey(): Promise<KeyUse> {
    const counted = await this.#database.run(
      (client) => client.$queryRaw<Counted[]>`
        SELECT key_id AS id, sum(rows)::bigint AS rows FROM (
          SELECT key_id, count(*) AS rows FROM audit_events GROUP BY 1
          UNION ALL SELECT key_id, count(*) FROM audit_refusals GROUP BY 1
          UNION ALL SELECT key_id, count(*) FROM audit_marks GROUP BY 1
          UNION ALL SELECT key_id, count(*) FROM audit_exports GROUP BY 1
        ) AS counted GROUP BY 1`,
    );
    return useOf(counted);
  }
}

function useOf(counted: readonly Counted[]): KeyUse {
  return new Map(counted.map(({ id, rows }) => [id, Number(rows)]));
}
