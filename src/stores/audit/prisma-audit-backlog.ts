import type { Clock } from '../../clock';
import type { Database } from '../postgres/database';
import type { AuditBacklog } from './audit-backlog';

/** Reads from PostgreSQL, along the index of unsealed events, what waits there. */
export class PrismaAuditBacklog implements AuditBacklog {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async oldestUnsealedAgeMs(): Promise<number> {
    const [oldest] = await this.database.run(
      (client) => client.$queryRaw<{ at: Date }[]>`
        SELECT at FROM audit_events WHERE seq IS NULL ORDER BY id LIMIT 1`,
    );
    return oldest === undefined ? 0 : Math.max(0, this.clock.now() - oldest.at.getTime());
  }
}
