import { uuidv7 } from 'uuidv7';
import { BY_NOBODY, TestAudit } from '../../testing/test-audit';
import type { AuditQuery } from './audit-reader';
import type { AuditEvent } from './audit-store';

let audit: TestAudit;
let ada: string;
let grace: string;
beforeEach(async () => {
  audit = await TestAudit.create();
  [ada, grace] = [await audit.user(uuidv7()), await audit.user(uuidv7())];
});
afterEach(() => audit.close());

const by = (actorId: string) => ({ ...BY_NOBODY, actorId });
/** What `n` of the details says. */
const numbers = (events: readonly AuditEvent[]) => events.map(({ details }) => details['n']);
const list = async (query: Partial<AuditQuery> = {}) =>
  numbers((await audit.reader.list({ limit: 100, ...query })).events);
const tell = (
  n: number,
  actorId: string | null,
  subjectId: string | null,
  type: AuditEvent['type'] = 'user_updated',
) => audit.trail.record({ ...BY_NOBODY, actorId }, { type, subjectId, details: { n } });

describe('a list', () => {
  beforeEach(async () => {
    await tell(0, ada, ada);
    await tell(1, ada, grace, 'privilege_permissions_changed');
    await tell(2, grace, ada);
    await tell(3, grace, grace);
    await tell(4, null, ada, 'authn_login_fail');
    await tell(5, null, null, 'authz_fail');
  });

  it('shows the newest first', async () => {
    expect(await list()).toEqual([5, 4, 3, 2, 1, 0]);
    expect(await list({ limit: 2 })).toEqual([5, 4]);
  });

  it('shows whoever acted, or was acted on, once', async () => {
    expect(await list({ userId: ada })).toEqual([4, 2, 1, 0]);
    expect(await list({ userId: grace })).toEqual([3, 2, 1]);
    expect(await list({ userId: uuidv7() })).toEqual([]);
    expect(await list({ userId: ada, limit: 2 })).toEqual([4, 2]);
  });

  it('shows one type, alone and of one user', async () => {
    expect(await list({ type: 'user_updated' })).toEqual([3, 2, 0]);
    expect(await list({ type: 'user_updated', userId: ada })).toEqual([2, 0]);
    expect(await list({ type: 'sensitive_read' })).toEqual([]);
  });

  it('says whether there are more', async () => {
    expect((await audit.reader.list({ limit: 5 })).more).toBe(true);
    expect((await audit.reader.list({ limit: 6 })).more).toBe(false);
    expect((await audit.reader.list({ limit: 3, userId: ada })).more).toBe(true);
    expect((await audit.reader.list({ limit: 4, userId: ada })).more).toBe(false);
  });

  it('shows an event that somebody has spoilt', async () => {
    await audit.sql(
      `UPDATE audit_events SET details = 'x', type = 'y', address = '\\x00' WHERE type = 'authz_fail'`,
    );
    const { events } = await audit.reader.list({ limit: 1 });
    expect(events).toMatchObject([{ type: 'y', address: null, details: { unreadable: 'x' } }]);
  });
});

it('shows what lies between two times, to the millisecond', async () => {
  const times: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    await tell(n, ada, ada);
    times.push(audit.told.at(-1)?.at ?? 0);
    audit.clock.advance(5);
  }
  const [, from = 0, , to = 0] = times;
  expect(await list({ from, to })).toEqual([2, 1]);
  expect(await list({ from: from + 1 })).toEqual([4, 3, 2]);
  expect(await list({ to: to + 1 })).toEqual([3, 2, 1, 0]);
  expect(await list({ from, to, userId: ada })).toEqual([2, 1]);
  expect(await list({ from: 0, to: 253_402_300_799_999 })).toEqual([4, 3, 2, 1, 0]);
});

it('shows what was written while the clock was put back', async () => {
  await tell(0, ada, ada);
  audit.clock.advance(-9_000);
  await tell(1, ada, ada);
  const [, second] = audit.told;
  const from = second?.at ?? 0;
  expect(await list({ from, to: from + 1 })).toEqual([1]);
  audit.clock.advance(-60_000);
  await tell(2, ada, ada);
  expect(await list({ to: from })).toEqual([2]);
});

it('is read to its end page by page, however much is added meanwhile', async () => {
  for (let n = 0; n < 40; n += 1) await tell(n, n % 3 === 0 ? null : ada, n % 2 === 0 ? ada : grace);
  for (const filter of [{}, { userId: ada }, { type: 'user_updated' as const }]) {
    const all = await list(filter);
    const seen: unknown[] = [];
    for (let after: string | undefined; ; ) {
      const { events, more } = await audit.reader.list({ ...filter, limit: 7, after });
      seen.push(...numbers(events));
      if (!more) break;
      after = events.at(-1)?.id;
      await tell(1_000 + seen.length, ada, ada);
    }
    expect(seen).toEqual(all);
  }
});

it('walks through all of it, the oldest first, and holds a batch at a time', async () => {
  const from = audit.clock.now();
  for (let n = 0; n < 20; n += 1) await tell(n, ada, grace);
  await audit.sql(
    `INSERT INTO audit_events (id, at, type, outcome, request_id, details, key_id, mac)
     SELECT ('0190b0a4-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '2024-07-14T12:00:00Z', 'authz_fail',
       'failure', 'x', '{}', 'x', '' FROM generate_series(1, 600) AS n`,
  );
  const batches: AuditEvent[][] = [];
  for await (const batch of audit.reader.walk({})) batches.push([...batch]);
  expect(batches.map(({ length }) => length)).toEqual([250, 250, 120]);
  const ids = batches.flat().map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(620);
  const rest: AuditEvent[] = [];
  for await (const batch of audit.reader.walk({ from, to: from + 3_600_000 })) rest.push(...batch);
  expect(numbers(rest)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(rest.every(({ address }) => address === BY_NOBODY.address)).toBe(true);
});

it('goes along an index, whoever and whenever is asked for', async () => {
  await audit.sql(
    `INSERT INTO audit_events (id, at, type, outcome, actor_id, subject_id, request_id, details, key_id, mac)
     SELECT ('0190b0a4-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, '2024-07-14T12:00:00Z', 'authz_fail',
       'failure', gen_random_uuid(), gen_random_uuid(), 'x', '{}', 'x', '' FROM generate_series(1, 20000) AS n`,
    'ANALYZE audit_events',
  );
  await tell(0, ada, grace);
  const scanned = () =>
    audit.database.run(async (prisma) => {
      await prisma.$executeRaw`SELECT pg_stat_force_next_flush()`;
      const [row] = await prisma.$queryRaw<{ scans: bigint; read: bigint }[]>`
        SELECT seq_scan AS scans, idx_tup_fetch AS read FROM pg_stat_user_tables WHERE relname = 'audit_events'`;
      return row;
    });
  const before = await scanned();
  for (const query of [
    {},
    { userId: ada },
    { from: audit.clock.now() - 60_000 },
    { userId: ada, type: 'user_updated' as const },
  ]) {
    expect((await list({ ...query, limit: 10 })).at(0)).toBe(0);
  }
  const after = await scanned();
  expect(after?.scans).toBe(before?.scans);
  expect(Number((after?.read ?? 0n) - (before?.read ?? 0n))).toBeLessThan(100);
});

it('shows an address under the key of whoever acted, else of whom it happened to', async () => {
  await tell(0, ada, grace);
  await tell(1, null, grace);
  await audit.database.run((prisma) => prisma.user.delete({ where: { id: grace } }));
  const { events } = await audit.reader.list({ limit: 2 });
  expect(events.map(({ address }) => address)).toEqual([null, BY_NOBODY.address]);
  await audit.trail.record(by(ada), { type: 'authz_fail', subjectId: ada });
});
