import type { Clock } from '../clock';
import { unlessUnavailable } from '../stores/dependency-unavailable';
import { Database } from '../stores/postgres/database';

const EVERY_MS = 1_000;
/** An event may be committed some time after the moment that its id tells. */
const LATE_MS = 10_000;
/** More than a command line can write in that time. */
const MOST_EVENTS = 20_000;

/**
 * Tells a service that keeps sessions in its process what the command line does to users in another: by the audit trail,
 * which tells of all that it does. Ends with `stop`.
 */
export function watchCommands(options: {
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly onChange: (userId: string) => Promise<void>;
}): { stop(): Promise<void> } {
  const { databaseUrl, clock, onChange } = options;
  const database = new Database(databaseUrl, { poolSize: 1 });
  let told = new Set<string>();
  let looking: Promise<void> | undefined;
  const look = async () => {
    const events = await database.run((client) =>
      client.auditEvent.findMany({
        where: { id: { gt: firstIdOf(clock.now() - LATE_MS) }, requestId: { startsWith: 'cli-' } },
        select: { id: true, subjectId: true },
        take: MOST_EVENTS,
      }),
    );
    for (const { id, subjectId } of events) {
      if (subjectId !== null && !told.has(id)) await onChange(subjectId);
    }
    told = new Set(events.map(({ id }) => id));
  };
  const timer = setInterval(() => {
    // While the database is away nothing can be changed either.
    looking ??= look()
      .catch(unlessUnavailable)
      .finally(() => {
        looking = undefined;
      });
  }, EVERY_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
      await database.close();
    },
  };
}

/** Before all UUIDs of version 7 (RFC 9562) of this time and after. */
function firstIdOf(milliseconds: number): string {
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
