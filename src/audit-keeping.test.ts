import { startAuditKeeping } from './audit-keeping';
import { Audit } from './observability/audit';
import type { Sealing } from './stores/audit/audit-sealer';
import { DependencyUnavailable } from './stores/dependency-unavailable';
import { FrozenClock } from './testing/test-clock';

const NOTHING: Sealing = { events: 0, checkpoint: undefined, broken: undefined };
const away = () => new DependencyUnavailable('postgresql', new Error('away'));

describe('keeping the audit trail', () => {
  const lines: [level: string, ...rest: unknown[]][] = [];
  const log = (level: string) => (members: unknown, message?: string) =>
    void lines.push([level, message ?? members]);
  const logger = { info: log('info'), error: log('error') } as unknown as Parameters<
    typeof startAuditKeeping
  >[0]['logger'];
  const seal = jest.fn<Promise<Sealing | undefined>, [boolean?]>();
  const flush = jest.fn<Promise<void>, []>();
  let keeping: ReturnType<typeof startAuditKeeping>;

  beforeEach(() => {
    jest.useFakeTimers();
    lines.length = 0;
    seal.mockReset().mockResolvedValue(NOTHING);
    flush.mockReset().mockResolvedValue();
    const store = { record: async () => {}, addRefusals: async () => {} };
    const audit = new Audit({ store, clock: new FrozenClock(), logger });
    jest.spyOn(audit, 'flush').mockImplementation(flush);
    keeping = startAuditKeeping({ sealer: { seal }, audit, logger });
  });
  afterEach(() => jest.useRealTimers());
  const seconds = (count: number) => jest.advanceTimersByTimeAsync(1_000 * count);

  it('seals every second, and writes sums down every five', async () => {
    await seconds(11);
    expect(seal.mock.calls).toEqual(Array.from({ length: 11 }, () => [false]));
    expect(flush).toHaveBeenCalledTimes(2);
    await keeping.stop();
  });

  it('ends with all written down and sealed, and does no more', async () => {
    await keeping.stop();
    expect(flush).toHaveBeenCalledTimes(1);
    expect(seal.mock.calls).toEqual([[true]]);
    await seconds(10);
    expect(seal).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('waits for the round that is under way before its last', async () => {
    let finish = () => {};
    seal.mockImplementationOnce(() => new Promise((resolve) => (finish = () => resolve(NOTHING))));
    await seconds(1);
    const stopped = keeping.stop();
    await seconds(5);
    expect(seal).toHaveBeenCalledTimes(1);
    finish();
    await stopped;
    expect(seal.mock.calls).toEqual([[false], [true]]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('says once that it cannot, and once that it can again', async () => {
    await seconds(1);
    seal.mockRejectedValue(away());
    await seconds(5);
    expect(lines.map(([level, text]) => [level, text])).toEqual([
      ['error', 'the audit trail cannot be sealed; tried again every second'],
    ]);
    seal.mockResolvedValue(NOTHING);
    await seconds(5);
    expect(lines.slice(1)).toEqual([['info', 'the audit trail is sealed again']]);
    flush.mockRejectedValue(away());
    await keeping.stop();
    expect(lines.slice(2).map(([level]) => level)).toEqual(['error']);
  });

  it('lets a checkpoint out of the database, and says that the chain was broken', async () => {
    seal.mockResolvedValueOnce({ events: 1, checkpoint: '1.2.a.b.c', broken: 'its end was removed' });
    await seconds(1);
    expect(lines).toEqual([
      ['error', 'the audit chain was broken, and goes on behind the break: run npm run audit:verify'],
      ['info', 'audit checkpoint'],
    ]);
    await keeping.stop();
  });
});
