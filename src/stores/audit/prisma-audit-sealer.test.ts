import { randomBytes } from 'node:crypto';
import { atOnce } from '../../testing/at-once';
import { TestAudit } from '../../testing/test-audit';
import { DependencyUnavailable } from '../dependency-unavailable';
import { Database } from '../postgres/database';
import { PrismaAuditSealer } from './prisma-audit-sealer';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let audit: TestAudit;
beforeEach(async () => {
  audit = await TestAudit.create();
});
afterEach(() => audit.close());

const events = (where: object = {}) =>
  audit.database.run((prisma) => prisma.auditEvent.findMany({ where, orderBy: { seq: 'asc' } }));
const seqs = async () => (await events({ seq: { not: null } })).map(({ seq }) => Number(seq));
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('sealing', () => {
  it('numbers what was written, in its order and without a gap', async () => {
    const ids = [...(await audit.write(5)), ...(await audit.write(5))];
    expect(await audit.sealer.seal()).toMatchObject({ events: 10, broken: undefined });
    expect(await audit.sealed()).toEqual(ids);
    expect(await seqs()).toEqual(upTo(10));
    expect(await audit.sealer.seal()).toEqual({ events: 0, checkpoint: undefined, broken: undefined });
  });

  it('loses and doubles no number when 64 seal at once while others write', async () => {
    const databases = await atOnce(
      8,
      async () => new Database(audit.url, { connectMs: 20_000, statementMs: 20_000 }),
    );
    const sealers = databases.map(
      (database) =>
        new PrismaAuditSealer({ database, clock: audit.clock, seal: audit.seal, onWritten: () => {} }),
    );
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([
        audit.write(20),
        ...sealers.flatMap((sealer) => Array.from({ length: 8 }, () => sealer.seal())),
        audit.write(20),
      ]);
    }
    await audit.sealer.seal();
    expect(await seqs()).toEqual(upTo(200));
    expect(await audit.verify()).toMatchObject({ fault: undefined, unsealed: 0 });
    await Promise.all(databases.map((database) => database.close()));
  });

  it('is left to whoever is at it', async () => {
    await audit.write(1);
    const other = new Database(audit.url);
    await other.transaction(async (tx) => {
      await tx.$queryRaw`SELECT pg_advisory_xact_lock(7421005)::text`;
      expect(await audit.sealer.seal()).toBeUndefined();
    });
    expect(await audit.sealer.seal()).toMatchObject({ events: 1 });
    await other.close();
  });

  it('works off more than one transaction takes', async () => {
    await audit.sql(
      `INSERT INTO audit_events (id, at, type, outcome, request_id, details, key_id, mac)
       SELECT gen_random_uuid(), now(), 'authz_admin', 'success', 'x', '{}', 'x', '' FROM generate_series(1, 2500)`,
    );
    expect(await audit.sealer.seal()).toMatchObject({ events: 2_500 });
  });

  it('tells where it ended once an hour, and at the end', async () => {
    await audit.write(1);
    const first = await audit.sealer.seal();
    expect(first?.checkpoint).toMatch(/^1\.\d+\.[\w-]{11}\.[\w-]{43}\.[\w-]{43}$/);
    await audit.write(1);
    expect((await audit.sealer.seal())?.checkpoint).toBeUndefined();
    audit.clock.advance(HOUR_MS);
    // Also where nothing more has come.
    expect((await audit.sealer.seal())?.checkpoint).toMatch(/^2\./);
    expect((await audit.sealer.seal(true))?.checkpoint).toBeUndefined();
    await audit.write(1);
    expect((await audit.sealer.seal(true))?.checkpoint).toMatch(/^3\./);
    expect(await audit.fault()).toBeUndefined();
  });

  it('says that the database is away', async () => {
    const database = new Database('postgresql://127.0.0.1:1/none', { connectMs: 200 });
    const sealer = new PrismaAuditSealer({
      database,
      clock: audit.clock,
      seal: audit.seal,
      onWritten: () => {},
    });
    await expect(sealer.seal()).rejects.toThrow(DependencyUnavailable);
    await database.close();
  });
});

describe('a chain that was tampered with', () => {
  beforeEach(async () => {
    await audit.write(10);
    await audit.sealer.seal();
  });

  it.each([
    ['its end was removed', [`DELETE FROM audit_marks WHERE kind = 'HEAD'`]],
    ['its end was changed', [`UPDATE audit_marks SET seq = 7 WHERE kind = 'HEAD'`]],
    ['its last event was removed', ['DELETE FROM audit_events WHERE seq = 10']],
    ['its last event was changed', [`UPDATE audit_events SET chain = '\\x00' WHERE seq = 10`]],
    [
      'it has two ends',
      [`INSERT INTO audit_marks SELECT 'HEAD', 3, chain, at, key_id, mac FROM audit_marks LIMIT 1`],
    ],
    ['its end was signed with a key that is not listed', [`UPDATE audit_marks SET key_id = 'x'`]],
  ])('goes on where %s, and that stays on record', async (reason, statements) => {
    await audit.sql(...statements);
    await audit.write(3);
    expect(await audit.sealer.seal()).toMatchObject({ events: 4, broken: reason });
    expect(audit.told.at(-1)).toMatchObject({
      type: 'authz_admin',
      outcome: 'failure',
      details: { what: 'audit chain resumed', reason },
    });
    await audit.write(3);
    expect(await audit.sealer.seal()).toMatchObject({ events: 3, broken: undefined });
    const [resumption] = await events({ details: { contains: 'audit chain resumed' } });
    const seq = Number(resumption?.seq);
    const fault = await audit.fault();
    expect(fault?.[1]).toBeLessThanOrEqual(seq);
    expect(fault?.[0]).not.toBe('slipped in');
    // What comes after the break is as safe as before.
    expect(await audit.fault({ after: BigInt(seq) })).toBeUndefined();
    await audit.sql(`DELETE FROM audit_events WHERE seq = ${seq + 2}`);
    expect(await audit.fault({ after: BigInt(seq) })).toEqual(['removed', seq + 2, null]);
  });

  it('names the break where nothing else shows it', async () => {
    await audit.sql(`DELETE FROM audit_marks WHERE kind = 'HEAD'`);
    await audit.write(1);
    await audit.sealer.seal();
    expect(await audit.fault()).toEqual(['begun anew', 11, expect.any(String)]);
  });

  it('does not let anybody take the next places', async () => {
    const columns = 'at, type, outcome, request_id, details, key_id, mac, chain';
    await audit.sql(
      `INSERT INTO audit_events (id, seq, ${columns}) SELECT gen_random_uuid(), 11, ${columns} FROM audit_events LIMIT 1`,
      `INSERT INTO audit_events (id, seq, ${columns}) SELECT gen_random_uuid(), 9223372036854775807, ${columns}
       FROM audit_events LIMIT 1`,
    );
    await audit.write(1);
    expect(await audit.sealer.seal()).toMatchObject({ events: 3, broken: undefined });
    expect(await seqs()).toEqual(upTo(13));
    const [what] = (await audit.fault()) ?? [];
    expect(what).toBe('changed');
  });
});

describe('sums of refusals', () => {
  const refused = (code: string, address: string, count: number) => ({
    at: audit.clock.now(),
    refusal: { type: 'authz_fail', code, address } as const,
    count,
  });
  const nextMinute = () => audit.clock.advance(MINUTE_MS - (audit.clock.now() % MINUTE_MS));

  it('become one event each, once their minute is over', async () => {
    nextMinute();
    const minute = audit.clock.now();
    await audit.trail.addRefusals([
      refused('forbidden', '198.18.0.1', 2),
      refused('forbidden', '198.18.0.2', 5),
    ]);
    await audit.trail.addRefusals([refused('forbidden', '198.18.0.1', 1)]);
    audit.clock.advance(MINUTE_MS);
    expect(await audit.sealer.seal()).toMatchObject({ events: 0 });
    audit.clock.advance(10_000);
    expect(await audit.sealer.seal()).toMatchObject({ events: 2 });
    const { events: told } = await audit.reader.list({ limit: 10 });
    expect(told.map(({ id, ...event }) => event)).toEqual(
      expect.arrayContaining(
        [
          { address: '198.18.0.1', count: 3 },
          { address: '198.18.0.2', count: 5 },
        ].map(({ address, count }) => ({
          at: minute + MINUTE_MS,
          type: 'authz_fail',
          outcome: 'failure',
          actorId: null,
          subjectId: null,
          address,
          requestId: 'sum',
          details: { code: 'forbidden', count },
        })),
      ),
    );
    expect(await audit.fault()).toBeUndefined();
    // What comes late is not lost.
    await audit.trail.addRefusals([{ ...refused('forbidden', '198.18.0.1', 4), at: minute }]);
    expect(await audit.sealer.seal()).toMatchObject({ events: 1 });
    expect(await audit.sealer.seal()).toMatchObject({ events: 0 });
  });

  it('are counted once, however many add and tell at once', async () => {
    const codes = ['forbidden', 'invalid_token', 'cross_site'];
    const addresses = Array.from({ length: 20 }, (_, index) => `198.18.1.${index}`);
    const all = codes.flatMap((code) => addresses.map((address) => refused(code, address, 1)));
    const shuffled = () => all.toSorted(() => Math.random() - 0.5);
    const add = () => audit.trail.addRefusals(shuffled());
    await Promise.all(Array.from({ length: 64 }, add));
    audit.clock.advance(2 * MINUTE_MS);
    // The sums that are told of now are those of a minute ago, and others come into the same rows.
    await Promise.all([audit.sealer.seal(), ...Array.from({ length: 16 }, add), audit.sealer.seal()]);
    await audit.sealer.seal();
    const counts = (await events()).map(({ details }) => JSON.parse(details).count as number);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(80 * all.length);
  });

  it('show their addresses after a change of keys, as long as the old one is listed', async () => {
    const [old, next] = [randomBytes(32), randomBytes(32)];
    for (const [keys, address] of [
      [[next, old], '198.18.0.1'],
      [[next], null],
    ] as const) {
      await audit.beside([old]).trail.addRefusals([refused('forbidden', '198.18.0.1', 1)]);
      audit.clock.advance(2 * MINUTE_MS);
      const instance = audit.beside(keys);
      await instance.sealer.seal();
      expect((await instance.reader.list({ limit: 1 })).events).toMatchObject([{ address }]);
      expect(await instance.fault()).toBeUndefined();
    }
  });
});
