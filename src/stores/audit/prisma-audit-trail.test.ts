import { uuidv7 } from 'uuidv7';
import { atOnce } from '../../testing/at-once';
import { BY_NOBODY, TestAudit } from '../../testing/test-audit';
import { PrismaAccountStore } from '../account/prisma-account-store';
import { DependencyUnavailable } from '../dependency-unavailable';
import type { Origin } from './audit-store';

let audit: TestAudit;
let accounts: PrismaAccountStore;
beforeEach(async () => {
  audit = await TestAudit.create();
  accounts = new PrismaAccountStore(audit.database, audit.trail, audit.clock);
});
afterEach(() => audit.close());

const by = (actorId: string | null, requestId = 'request-7'): Origin => ({
  actorId,
  address: '198.18.0.9',
  requestId,
});
const stored = () => audit.database.run((prisma) => prisma.auditEvent.findMany({ orderBy: { id: 'asc' } }));
const listed = async () => (await audit.reader.list({ limit: 100 })).events;
const nameOf = async (id: string) => (await accounts.find(id))?.username;

describe('a change', () => {
  it('is told of with who, what, whom, when, from where and in which request', async () => {
    const id = await audit.user(uuidv7());
    const before = audit.clock.now();
    await accounts.changeUsername(id, 'Grace', by(id));
    const [event, ...more] = await listed();
    expect(more).toEqual([]);
    expect(event).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/),
      at: expect.any(Number),
      type: 'user_updated',
      outcome: 'success',
      actorId: id,
      subjectId: id,
      address: '198.18.0.9',
      requestId: 'request-7',
      details: { what: 'username' },
    });
    expect(event?.at).toBeGreaterThanOrEqual(before);
    expect(audit.told).toEqual([event]);
  });

  it('that fails leaves no event', async () => {
    const id = await audit.user(uuidv7());
    const failing = audit.trail.change(by(id), async (tx, tell) => {
      await tx.user.update({ where: { id }, data: { username: 'Grace' } });
      tell({ type: 'user_updated', subjectId: id });
      await tx.$executeRaw`SELECT 1 / 0`;
    });
    await expect(failing).rejects.toThrow();
    expect(await stored()).toEqual([]);
    expect(audit.told).toEqual([]);
    expect(await nameOf(id)).toBe('Ada');
  });

  it('whose event cannot be written is not made', async () => {
    const id = await audit.user(uuidv7());
    await audit.sql(`ALTER TABLE audit_events ADD CONSTRAINT none CHECK (type <> 'user_updated')`);
    await expect(accounts.changeUsername(id, 'Grace', by(id))).rejects.toThrow();
    expect(await nameOf(id)).toBe('Ada');
    expect(audit.told).toEqual([]);
  });

  it('that is not made is not told of', async () => {
    expect(await accounts.changeUsername(uuidv7(), 'Grace', by(null))).toBeUndefined();
    expect(await stored()).toEqual([]);
  });

  it('by 64 at once, with sealing meanwhile, is told of once each', async () => {
    const users = await atOnce(64, () => audit.user(uuidv7()));
    let running = true;
    const sealing = (async () => {
      while (running) await audit.sealer.seal();
    })();
    for (let round = 0; round < 5; round += 1) {
      await atOnce(64, (index) =>
        accounts.changeUsername(
          String(users[index]),
          `Grace ${round}`,
          by(String(users[index]), `${round}-${index}`),
        ),
      );
    }
    running = false;
    await sealing;
    await audit.sealer.seal();
    const events = await stored();
    expect(new Set(events.map(({ requestId }) => requestId)).size).toBe(5 * 64);
    expect(events.map(({ seq }) => Number(seq)).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 5 * 64 }, (_, index) => index + 1),
    );
    expect(await audit.fault()).toBeUndefined();
  });
});

describe('addresses', () => {
  it('lie in no table as they are', async () => {
    const id = await audit.user(uuidv7());
    await accounts.changeUsername(id, 'Grace', by(id));
    await audit.trail.record(by(null), { type: 'authz_fail', subjectId: null });
    await audit.trail.addRefusals([
      {
        at: audit.clock.now(),
        refusal: { type: 'authz_fail', code: 'forbidden', address: '198.18.0.9' },
        count: 1,
      },
    ]);
    const rows = await audit.database.run((prisma) =>
      Promise.all([prisma.auditEvent.findMany(), prisma.auditRefusal.findMany()]),
    );
    const bytes = rows.flat().map(({ address }) => Buffer.from(address ?? []).toString('latin1'));
    expect(bytes.join()).not.toContain('198.18');
    expect(
      JSON.stringify(rows, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    ).not.toContain('198.18');
  });

  it('are gone with the user, and no chain is broken', async () => {
    const [ada, grace] = [await audit.user(uuidv7()), await audit.user(uuidv7())];
    await accounts.changeUsername(ada, 'Ada L', by(ada));
    await accounts.changeUsername(grace, 'Grace H', by(grace));
    // By somebody who is no user, but to her: under her key.
    await audit.trail.record(by(null), { type: 'authn_login_fail', outcome: 'failure', subjectId: ada });
    await audit.sealer.seal();
    await audit.trail.change(by(ada), async (tx, tell) => {
      await tx.user.delete({ where: { id: ada } });
      tell({ type: 'user_deleted', subjectId: ada });
    });
    // The same process knows no key of hers any more.
    await audit.trail.record(by(null), { type: 'authn_login_fail', outcome: 'failure', subjectId: ada });
    await audit.sealer.seal();
    const shown = (await listed()).map(({ actorId, subjectId, address }) => [actorId ?? subjectId, address]);
    expect(shown).toEqual([
      [ada, null],
      [ada, null],
      [ada, null],
      [grace, '198.18.0.9'],
      [ada, null],
    ]);
    expect(await audit.verify()).toMatchObject({ fault: undefined, unchecked: { count: 0 }, events: 5 });
  });

  it('of one who was removed by another process can be read by nobody', async () => {
    const ada = await audit.user(uuidv7());
    await accounts.changeUsername(ada, 'Ada L', by(ada));
    await audit.database.run((prisma) => prisma.user.delete({ where: { id: ada } }));
    await audit.trail.record(by(ada), { type: 'authz_fail', outcome: 'failure', subjectId: ada });
    expect((await listed()).map(({ address }) => address)).toEqual([null, null]);
    // After ten minutes the key is in no memory either.
    audit.clock.advance(600_000);
    await audit.trail.record(by(ada), { type: 'authz_fail', outcome: 'failure', subjectId: ada });
    expect((await stored()).map(({ address }) => address === null)).toEqual([false, false, true]);
  });
});

it('says that the database is away', async () => {
  await audit.database.close();
  const away = await TestAudit.create();
  await away.close();
  await expect(away.trail.record(BY_NOBODY, { type: 'authz_admin', subjectId: null })).rejects.toThrow(
    DependencyUnavailable,
  );
});
