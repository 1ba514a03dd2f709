import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { TestAudit } from '../../testing/test-audit';
import { parseCheckpoint } from './audit-chain';

const key = randomBytes(32);
let audit: TestAudit;
let ids: readonly string[];
beforeEach(async () => {
  audit = await TestAudit.create([key]);
  const address = { actorId: await audit.user(uuidv7()), address: '198.18.0.7', requestId: 'request-2' };
  await audit.write(10);
  await audit.write(10, {}, address);
  await audit.sealer.seal();
  ids = await audit.sealed();
});
afterEach(() => audit.close());

const at = (seq: number) => String(ids[seq - 1]);
/** Makes room after a place, as somebody would who hides a gap. */
const renumber = (from: number, by: number) => [
  `UPDATE audit_events SET seq = -(seq + ${by}) WHERE seq >= ${from}`,
  'UPDATE audit_events SET seq = -seq WHERE seq < 0',
];
const COPIED = 'type, outcome, actor_id, subject_id, address, request_id, details, key_id';

it('finds nothing where nothing was done', async () => {
  await audit.write(3);
  expect(await audit.verify()).toEqual({
    fault: undefined,
    unchecked: { count: 0, first: null, last: null, keyIds: [] },
    events: 23,
    through: 20n,
    unsealed: 3,
    compared: false,
  });
});

it('finds nothing in a trail that has yet to begin', async () => {
  const empty = await TestAudit.create();
  expect(await empty.fault()).toBeUndefined();
  await empty.sealer.seal(true);
  expect(await empty.fault()).toBeUndefined();
  await empty.close();
});

describe.each([
  ['at', `at = at + interval '1 ms'`],
  ['type', `type = 'authn_login_success'`],
  ['outcome', `outcome = 'failure'`],
  ['actor_id', 'actor_id = NULL'],
  ['subject_id', `subject_id = '0190b0a4-0000-7000-8000-000000000000'`],
  ['address', 'address = NULL'],
  ['a bit of address', 'address = set_byte(address, 30, get_byte(address, 30) # 1)'],
  ['request_id', `request_id = 'another'`],
  ['details', `details = '{"n": 4}'`],
])('an edited %s', (_, edit) => {
  it('is named as changed', async () => {
    await audit.sql(`UPDATE audit_events SET ${edit} WHERE seq = 15`);
    const [id] = (await audit.sealed()).slice(14);
    expect(await audit.fault()).toEqual(['changed', 15, id]);
  });
});

it.each([
  ['id', `id = '0190b0a4-0000-7000-8000-000000000000'`, 'slipped in'],
  ['mac', 'mac = set_byte(mac, 0, get_byte(mac, 0) # 1)', 'slipped in'],
  ['mac and key', `mac = '\\x00', key_id = '${'x'.repeat(11)}'`, undefined],
  ['chain', 'chain = set_byte(chain, 0, get_byte(chain, 0) # 1)', 'moved'],
])('does not overlook an edited %s', async (_, edit, what) => {
  await audit.sql(`UPDATE audit_events SET ${edit} WHERE seq = 15`);
  const [id] = (await audit.sealed()).slice(14);
  expect(await audit.fault()).toEqual(what && [what, 15, id]);
  // Under a key that nobody knows nothing is proved, and that is said.
  if (what === undefined) {
    const { unchecked } = await audit.verify();
    expect(unchecked).toEqual({ count: 1, first: 15n, last: 15n, keyIds: ['x'.repeat(11)] });
  }
});

it.each([
  ['the first', 1],
  ['one', 12],
  ['the last', 20],
])('names %s event that was deleted', async (_, seq) => {
  await audit.sql(`DELETE FROM audit_events WHERE seq = ${seq}`);
  expect(await audit.fault()).toEqual(['removed', seq, null]);
});

it('names the first of several', async () => {
  await audit.sql(
    'DELETE FROM audit_events WHERE seq = 14',
    `UPDATE audit_events SET details = '{}' WHERE seq IN (9, 17)`,
  );
  expect(await audit.fault()).toEqual(['changed', 9, at(9)]);
});

it('names what follows a gap that was closed by renumbering', async () => {
  await audit.sql('DELETE FROM audit_events WHERE seq = 12', ...renumber(13, -1));
  expect(await audit.fault()).toEqual(['moved', 12, at(13)]);
});

it('names two that were swapped', async () => {
  await audit.sql(
    'UPDATE audit_events SET seq = 0 WHERE seq = 7',
    'UPDATE audit_events SET seq = 7 WHERE seq = 9',
    'UPDATE audit_events SET seq = 9 WHERE seq = 0',
  );
  expect(await audit.fault()).toEqual(['moved', 7, at(9)]);
});

it('names two that were swapped with their places in the chain', async () => {
  await audit.sql(
    'CREATE TEMP TABLE swapped AS SELECT id, seq, chain FROM audit_events WHERE seq IN (7, 9)',
    'UPDATE audit_events SET seq = -seq WHERE seq IN (7, 9)',
    `UPDATE audit_events e SET seq = s.seq, chain = s.chain FROM swapped s WHERE s.seq <> -e.seq AND e.seq < 0`,
  );
  expect(await audit.fault()).toEqual(['moved', 7, at(9)]);
});

it('names a sealed event that was slipped in, at the end or with room made for it', async () => {
  const forged = uuidv7();
  const insert = (seq: number) => `INSERT INTO audit_events (id, at, ${COPIED}, mac, seq, chain)
    SELECT '${forged}', at, ${COPIED}, mac, ${seq}, chain FROM audit_events WHERE id = '${at(5)}'`;
  await audit.sql(insert(21));
  expect(await audit.fault()).toEqual(['slipped in', 21, forged]);
  await audit.sql(`DELETE FROM audit_events WHERE id = '${forged}'`, ...renumber(12, 1), insert(12));
  expect(await audit.fault()).toEqual(['slipped in', 12, forged]);
});

it('names an event that was slipped in and is not sealed yet', async () => {
  const forged = uuidv7();
  await audit.sql(`INSERT INTO audit_events (id, at, ${COPIED}, mac)
    SELECT '${forged}', at, ${COPIED}, mac FROM audit_events WHERE seq = 5`);
  expect(await audit.fault()).toEqual(['slipped in', null, forged]);
  // Sealing it makes it no better.
  await audit.sealer.seal();
  expect(await audit.fault()).toEqual(['changed', 21, forged]);
});

it('names an event that was taken out of the chain, also once it is sealed again', async () => {
  await audit.sql('UPDATE audit_events SET seq = NULL, chain = NULL WHERE seq = 12');
  expect(await audit.fault()).toEqual(['removed', 12, null]);
  await audit.sealer.seal();
  expect(await audit.fault()).toEqual(['removed', 12, null]);
});

it('names an end that was cut off', async () => {
  await audit.sql('DELETE FROM audit_events WHERE seq > 16');
  expect(await audit.fault()).toEqual(['removed', 17, null]);
});

it('does not take the end of a chain for its own beginning', async () => {
  await audit.sql('DELETE FROM audit_events WHERE seq <= 16', ...renumber(17, -16));
  expect(await audit.fault()).toEqual(['moved', 1, at(17)]);
});

describe('signed places', () => {
  it.each([
    ['seq', 'seq = 16'],
    ['chain', 'chain = (SELECT chain FROM audit_events WHERE seq = 16)'],
    ['time', `at = at + interval '1 s'`],
  ])('whose %s was edited are named', async (_, edit) => {
    await audit.sql('DELETE FROM audit_events WHERE seq > 16');
    await audit.sql(`UPDATE audit_marks SET ${edit} WHERE kind = 'HEAD'`);
    const [what] = (await audit.fault()) ?? [];
    expect(what).toBe('mark changed');
  });

  it('are missed at the end', async () => {
    await audit.sql(`DELETE FROM audit_marks WHERE kind = 'HEAD'`);
    expect(await audit.fault()).toEqual(['removed', 21, null]);
  });

  it('cannot be put in the place of another kind', async () => {
    await audit.sealer.seal(true);
    await audit.sql(
      'DELETE FROM audit_events WHERE seq <= 20',
      `INSERT INTO audit_marks SELECT 'ANCHOR', seq, chain, at, key_id, mac FROM audit_marks WHERE kind = 'CHECKPOINT'`,
    );
    expect(await audit.fault()).toEqual(['mark changed', 20, null]);
  });

  it('show an end that was put back to an earlier one', async () => {
    await audit.sql(`CREATE TABLE earlier AS SELECT * FROM audit_marks WHERE kind = 'HEAD'`);
    await audit.write(5);
    await audit.sealer.seal(true);
    await audit.sql(
      'DELETE FROM audit_events WHERE seq > 20',
      `DELETE FROM audit_marks WHERE kind = 'HEAD'`,
      'INSERT INTO audit_marks SELECT * FROM earlier',
    );
    // By the checkpoint in the database; where that is gone too, by one kept outside it.
    expect(await audit.fault()).toEqual(['removed', 21, null]);
    await audit.sql(`DELETE FROM audit_marks WHERE kind = 'CHECKPOINT' AND seq > 20`);
    expect(await audit.fault()).toBeUndefined();
  });

  it('from outside the database show what nothing inside it shows any more', async () => {
    await audit.sql('CREATE TABLE earlier AS SELECT * FROM audit_marks');
    await audit.write(5);
    const { checkpoint: word } = (await audit.sealer.seal(true)) ?? {};
    const checkpoint = parseCheckpoint(String(word));
    expect(await audit.verify({ checkpoint })).toMatchObject({ fault: undefined, compared: true });
    await audit.sql(
      'DELETE FROM audit_events WHERE seq > 20',
      'DELETE FROM audit_marks',
      'INSERT INTO audit_marks SELECT * FROM earlier',
    );
    expect(await audit.fault()).toBeUndefined();
    expect(await audit.fault({ checkpoint })).toEqual(['removed', 21, null]);
    await audit.sql('TRUNCATE audit_events, audit_marks');
    expect(await audit.fault()).toBeUndefined();
    expect(await audit.fault({ checkpoint })).toEqual(['removed', 1, null]);
  });
});

describe('after a place that is taken for granted', () => {
  it('finds what comes later', async () => {
    await audit.sql(`UPDATE audit_events SET details = '{}' WHERE seq IN (9, 17)`);
    expect(await audit.fault({ after: 9n })).toEqual(['changed', 17, at(17)]);
    expect(await audit.fault({ after: 17n })).toBeUndefined();
    expect(await audit.fault({ after: 20n })).toBeUndefined();
    await expect(audit.verify({ after: 21n })).rejects.toThrow('there is no event with seq 21');
  });
});

describe('after a change of keys', () => {
  it('takes what either key has made, and says what it cannot check without the old one', async () => {
    const next = randomBytes(32);
    // A restart of several instances: they write and seal under either key in turn.
    const [old, young] = [audit.beside([key, next]), audit.beside([next, key])];
    for (const instance of [old, young, old, young]) {
      await instance.write(2);
      await (instance === old ? young : old).sealer.seal();
    }
    expect(await old.verify()).toMatchObject({ fault: undefined, unchecked: { count: 0 }, events: 28 });
    const without = audit.beside([next]);
    const { fault, unchecked } = await without.verify();
    expect(fault).toBeUndefined();
    expect(unchecked.keyIds).toEqual([audit.seal.keyId]);
    expect(unchecked).toMatchObject({ first: 1n, last: 28n });
    // A gap shows whoever has made it.
    await audit.sql('DELETE FROM audit_events WHERE seq = 3');
    expect(await without.fault()).toEqual(['removed', 3, null]);
  });
});

it('reads one state, whatever is written and sealed meanwhile', async () => {
  let running = true;
  const writing = (async () => {
    while (running) {
      await audit.write(3);
      await audit.sealer.seal();
    }
  })();
  for (let round = 0; round < 20; round += 1) expect(await audit.fault()).toBeUndefined();
  running = false;
  await writing;
});
