import type { RefusalSum } from '../stores/audit/audit-store';
import { FrozenClock } from '../testing/test-clock';
import { RefusalTally } from './refusal-tally';

const refusal = (address: string, code = 'forbidden') => ({ type: 'authz_fail', code, address }) as const;

let clock: FrozenClock;
let tally: RefusalTally;
let written: RefusalSum[];
/** Fails as often as it says, then writes. */
let failures: number;
let statements: number;
beforeEach(() => {
  clock = new FrozenClock();
  written = [];
  failures = 0;
  statements = 0;
  const addRefusals = async (sums: readonly RefusalSum[]) => {
    statements += 1;
    if (failures > 0) {
      failures -= 1;
      throw new Error('away');
    }
    written.push(...sums);
  };
  tally = new RefusalTally({ addRefusals, record: async () => {} }, clock);
});
const counts = () => written.map(({ refusal: { address, code }, count }) => [address, code, count]);

describe('the tally of refusals', () => {
  it('adds up by minute, code and address', async () => {
    for (let times = 0; times < 3; times += 1) tally.add(refusal('198.18.0.1'));
    tally.add(refusal('198.18.0.2'));
    tally.add(refusal('198.18.0.1', 'invalid_token'));
    clock.advance(60_000);
    tally.add(refusal('198.18.0.1'));
    await tally.flush();
    expect(counts()).toEqual([
      ['198.18.0.1', 'forbidden', 3],
      ['198.18.0.2', 'forbidden', 1],
      ['198.18.0.1', 'invalid_token', 1],
      ['198.18.0.1', 'forbidden', 1],
    ]);
    expect(written.map(({ at }) => at - clock.now())).toEqual([-60_000, -60_000, -60_000, 0]);
    await tally.flush();
    expect(written).toHaveLength(4);
  });

  it('holds on to what could not be written, and to what comes meanwhile', async () => {
    for (let n = 0; n < 700; n += 1) tally.add(refusal(`198.18.${n >> 8}.${n & 255}`));
    failures = 1;
    const flushing = tally.flush();
    tally.add(refusal('198.18.0.0'));
    await expect(flushing).rejects.toThrow('away');
    expect(written).toEqual([]);
    await tally.flush();
    expect(written).toHaveLength(700);
    expect(written.reduce((sum, { count }) => sum + count, 0)).toBe(701);
    // 500 in a statement.
    expect(statements).toBe(3);
  });

  it('writes nothing twice, however often it is asked to at once', async () => {
    tally.add(refusal('198.18.0.1'));
    await Promise.all(Array.from({ length: 64 }, () => tally.flush()));
    expect(counts()).toEqual([['198.18.0.1', 'forbidden', 1]]);
  });

  it('holds no more than it may, through any flood and outage, and still counts all', async () => {
    for (let minute = 0; minute < 60; minute += 1) {
      for (let n = 0; n < 1_000; n += 1) tally.add(refusal(`2001:db8:${minute}:${n}::/64`));
      clock.advance(60_000);
    }
    await tally.flush();
    expect(written).toHaveLength(10_001);
    expect(written.at(-1)).toMatchObject({ refusal: { address: 'many' }, count: 50_000 });
  });
});
