import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { atOnce } from '../../testing/at-once';
import { BY_NOBODY, TestAudit } from '../../testing/test-audit';

const DAY_MS = 24 * 60 * 60_000;
const DAYS = 30;

let audit: TestAudit;
beforeEach(async () => {
  audit = await TestAudit.create();
});
afterEach(() => audit.close());

/** So many events on one day, sealed at its end; the day's first and last moment. */
async function day(count = 3) {
  const from = audit.clock.now();
  await audit.write(count);
  await audit.sealer.seal();
  audit.clock.advance(DAY_MS);
  return { from, to: audit.clock.now() };
}
async function exported(range: { from: number; to: number }) {
  const begun = await audit.exports.begin(range, BY_NOBODY);
  await audit.exports.complete(begun, 0, BY_NOBODY);
}
const remove = (days = DAYS) => audit.retention(days).removeExported();
const authored = () =>
  audit.database.run((prisma) => prisma.auditEvent.count({ where: { details: { startsWith: '{"n":' } } }));

it('removes what is old enough and exported, and goes on from there', async () => {
  const [first, second] = [await day(), await day()];
  await exported(first);
  await exported(second);
  expect(await remove()).toEqual({ events: 0, heldBack: undefined });
  audit.clock.advance((DAYS - 1.5) * DAY_MS);
  // The first day is more than 30 days ago, the second is not.
  expect(await remove()).toMatchObject({ events: 3 });
  expect(await authored()).toBe(3);
  expect(await audit.fault()).toBeUndefined();
  await audit.sealer.seal(true);
  expect(await audit.verify()).toMatchObject({ fault: undefined, unsealed: 0 });
  // Told of itself.
  const { events } = await audit.reader.list({ limit: 1, type: 'authz_admin' });
  expect(events).toMatchObject([
    {
      actorId: null,
      outcome: 'success',
      details: { what: 'audit events removed', events: 3, throughSeq: 3 },
    },
  ]);
  audit.clock.advance(DAY_MS);
  expect(await remove()).toMatchObject({ events: 3 });
  expect(await authored()).toBe(0);
  expect(await audit.fault()).toBeUndefined();
});

it('leaves only what is needed of signed places', async () => {
  for (const range of [await day(), await day(), await day()]) await exported(range);
  await audit.sealer.seal(true);
  audit.clock.advance(2 * DAYS * DAY_MS);
  await remove();
  const marks = await audit.database.run((prisma) => prisma.auditMark.findMany({ orderBy: { kind: 'asc' } }));
  const [anchor] = marks;
  expect(marks.map(({ kind }) => kind)).toEqual(['ANCHOR', 'HEAD', 'CHECKPOINT']);
  expect(marks.every(({ seq }) => seq >= (anchor?.seq ?? 0n))).toBe(true);
});

it.each([
  ['edited', `UPDATE audit_events SET details = '{}' WHERE seq = 5`, 'changed', 5],
  ['deleted', 'DELETE FROM audit_events WHERE seq = 5', 'removed', 5],
  [
    'whose beginning was forged',
    `UPDATE audit_marks SET at = now() WHERE kind = 'ANCHOR'`,
    'mark changed',
    3,
  ],
  ['whose beginning was removed', `DELETE FROM audit_marks WHERE kind = 'ANCHOR'`, 'removed', 1],
])('leaves a trail in which one that is later %s is found', async (_, statement, what, seq) => {
  await exported(await day());
  await day();
  audit.clock.advance(DAYS * DAY_MS);
  expect(await remove()).toMatchObject({ events: 3 });
  expect(await audit.fault()).toBeUndefined();
  await audit.sql(statement);
  expect((await audit.fault())?.slice(0, 2)).toEqual([what, seq]);
});

it('does not take back in what it has removed', async () => {
  await exported(await day());
  await audit.sql('CREATE TABLE copy AS SELECT * FROM audit_events WHERE seq = 2');
  await day();
  audit.clock.advance(DAYS * DAY_MS);
  await remove();
  await audit.sql('INSERT INTO audit_events SELECT * FROM copy');
  expect((await audit.fault())?.slice(0, 2)).toEqual(['slipped in', 2]);
});

describe('holds back', () => {
  it('what was never exported, and all behind it', async () => {
    const [first, hole, third] = [await day(), await day(), await day()];
    await exported(first);
    await exported(third);
    audit.clock.advance(2 * DAYS * DAY_MS);
    const removal = await remove();
    expect(removal).toMatchObject({ events: 3, heldBack: { seq: 4n, why: 'not exported' } });
    expect(removal?.heldBack?.at).toBeGreaterThanOrEqual(hole.from);
    expect(removal?.heldBack?.at).toBeLessThan(hole.to);
    expect(await remove()).toMatchObject({ events: 0, heldBack: { seq: 4n } });
    await exported(hole);
    await audit.sealer.seal();
    // The second day, and the third.
    expect(await remove()).toMatchObject({ events: 6 });
    expect(await audit.fault()).toBeUndefined();
  });

  it('what was sealed only after an export of its time had begun', async () => {
    const from = audit.clock.now();
    await audit.write(2);
    await audit.sealer.seal();
    await audit.write(1);
    audit.clock.advance(DAY_MS);
    const begun = await audit.exports.begin({ from, to: audit.clock.now() }, BY_NOBODY);
    await audit.sealer.seal();
    await audit.exports.complete(begun, 3, BY_NOBODY);
    await day();
    audit.clock.advance(DAYS * DAY_MS);
    expect(await remove()).toMatchObject({ events: 2, heldBack: { seq: 3n, why: 'not exported' } });
  });

  it('what was only begun to be exported', async () => {
    await audit.exports.begin(await day(), BY_NOBODY);
    await day();
    audit.clock.advance(DAYS * DAY_MS);
    expect(await remove()).toMatchObject({ events: 0, heldBack: { seq: 1n, why: 'not exported' } });
  });

  it('what is not sealed, and the last that is', async () => {
    await exported(await day(2));
    await audit.database.run((prisma) => prisma.auditEvent.deleteMany({ where: { seq: null } }));
    audit.clock.advance(DAYS * DAY_MS);
    await audit.write(1);
    audit.clock.advance(DAYS * DAY_MS);
    expect(await remove()).toEqual({ events: 1, heldBack: undefined });
    expect(await authored()).toBe(2);
    expect(await audit.sealed()).toHaveLength(1);
  });

  it('what was tampered with, and all behind it', async () => {
    await exported(await day(10));
    await day();
    await audit.sql(`UPDATE audit_events SET details = '{"n":8}' WHERE seq = 4`);
    audit.clock.advance(DAYS * DAY_MS);
    expect(await remove()).toMatchObject({
      events: 3,
      heldBack: { seq: 4n, why: expect.stringMatching(/^changed: /) },
    });
    expect((await audit.fault())?.slice(0, 2)).toEqual(['changed', 4]);
  });

  it('what somebody says was exported who has the database alone', async () => {
    const { from, to } = await day();
    await day();
    await audit.sql(
      `INSERT INTO audit_exports (id, at, "from", "to", through_seq, key_id, mac)
       VALUES ('${uuidv7()}', now(), 'epoch', now() + interval '1 year', 1000, '${audit.seal.keyId}', '\\x00')`,
    );
    audit.clock.advance(DAYS * DAY_MS);
    expect(await remove()).toMatchObject({ events: 0 });
    // Nor can one that there was be made to cover more.
    await exported({ from, to: from + 1 });
    await audit.sql(`UPDATE audit_exports SET "to" = '${new Date(to).toISOString()}'`);
    expect(await remove()).toMatchObject({ events: 0, heldBack: { why: 'not exported' } });
  });
});

it('lets go of what was made with a key that is not listed any more', async () => {
  const [old, next] = [randomBytes(32), randomBytes(32)];
  const before = audit.beside([old]);
  await before.write(3);
  await before.sealer.seal();
  const from = audit.clock.now() - DAY_MS;
  audit.clock.advance(DAY_MS);
  const during = audit.beside([next, old]);
  await during.write(3);
  await during.sealer.seal();
  const begun = await during.exports.begin({ from, to: audit.clock.now() }, BY_NOBODY);
  await during.exports.complete(begun, 3, BY_NOBODY);
  audit.clock.advance(DAYS * DAY_MS);
  const after = audit.beside([next]);
  // Those of the old key, and of the new one all but the last.
  expect(await after.retention(DAYS).removeExported()).toMatchObject({ events: 5 });
  expect(await after.verify()).toMatchObject({ fault: undefined, unchecked: { count: 0 } });
});

it('is done once, however many processes do it at once', async () => {
  await exported(await day(40));
  await day();
  audit.clock.advance(DAYS * DAY_MS);
  const removals = await atOnce(64, () => remove());
  expect(removals.reduce((sum, removal) => sum + (removal?.events ?? 0), 0)).toBe(40);
  expect(await audit.fault()).toBeUndefined();
});

it('goes on while events are written and sealed', async () => {
  await exported(await day(200));
  await day();
  audit.clock.advance(DAYS * DAY_MS);
  await Promise.all([
    remove(),
    audit.write(50),
    audit.sealer.seal(),
    remove(),
    audit.write(50),
    audit.sealer.seal(),
    audit.fault().then((fault) => expect(fault).toBeUndefined()),
  ]);
  await audit.sealer.seal();
  expect(await audit.verify()).toMatchObject({ fault: undefined, unsealed: 0 });
});
