import { explainingDatabase } from '../testing/explaining-database';
import { TestClock } from '../testing/test-clock';
import { createTestDatabase, type TestDatabase } from '../testing/test-database';
import { PrismaAuditBacklog } from './audit/prisma-audit-backlog';
import { PrismaOutboxStore } from './outbox/prisma-outbox-store';
import { Database } from './postgres/database';

const clock = new TestClock();
let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = new Database(test.url, { connectMs: 10_000, statementMs: 60_000 });
});
afterAll(async () => {
  await database?.close();
  await test?.drop();
});

const run = (statement: string) => database.run((client) => client.$executeRawUnsafe(statement));

/** The n-th id there is, as UUIDs of version 7 follow one another. */
const ID = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";

/** So many seconds, or a few more that have gone by since. */
function expectAbout(ms: number, seconds: number): void {
  expect(ms / 1_000).toBeGreaterThanOrEqual(seconds);
  expect(ms / 1_000).toBeLessThan(seconds + 60);
}

describe('what a scrape asks of PostgreSQL', () => {
  it('of an outbox of 30,000 mails is answered along the primary key, and counts up to 10,000', async () => {
    await run(
      `INSERT INTO outbox_mails (id, kind, email, created_at, due_at, expires_at)
       SELECT ${ID}, 'LOGIN_CODE', 'ada' || n || '@example.com', now() - (40000 - n) * interval '1 second', now(), now() + interval '1 day'
       FROM generate_series(1, 30000) AS n`,
    );
    await run('ANALYZE outbox_mails');
    const { explained, plans } = explainingDatabase(database);
    const { waiting, oldestCodeAgeMs } = await new PrismaOutboxStore(explained, clock).backlog();
    expect(waiting).toBe(10_000);
    expectAbout(oldestCodeAgeMs, 39_999);
    expect(plans).toHaveLength(1);
    expect(plans[0]?.match(/using \w+/g)).toEqual(['using outbox_mails_pkey']);
    expect(plans[0]).not.toContain('Seq Scan');
  });

  it('of 50,000 audit events is answered along the index of those that are not sealed', async () => {
    await run(
      `INSERT INTO audit_events (id, at, type, outcome, request_id, details, key_id, mac, seq, chain)
       SELECT ${ID}, now() - (60000 - n) * interval '1 second', 'authz_fail', 'failure', 'request', '{}', 'key', '\\x00',
         CASE WHEN n <= 49000 THEN n END, CASE WHEN n <= 49000 THEN '\\x00'::bytea END
       FROM generate_series(1, 50000) AS n`,
    );
    await run('ANALYZE audit_events');
    const { explained, plans } = explainingDatabase(database);
    const backlog = new PrismaAuditBacklog(explained, clock);
    expectAbout(await backlog.oldestUnsealedAgeMs(), 10_999);
    expect(plans).toHaveLength(1);
    expect(plans[0]).toContain('using audit_events_unsealed_idx');
    expect(plans[0]).not.toContain('Sort');
    await run(
      'UPDATE audit_events SET seq = nextval, chain = mac FROM (SELECT id AS of, row_number() OVER () + 50000 AS nextval FROM audit_events WHERE seq IS NULL) AS next WHERE id = of',
    );
    expect(await backlog.oldestUnsealedAgeMs()).toBe(0);
  });
});
