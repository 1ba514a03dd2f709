import { hash as bcryptHash } from 'bcrypt';
import { HashingOverloaded } from './hashing-queue';
import { PasswordHasher } from './password-hasher';

const PEPPER = 'a pepper for tests, long enough to look like one';
const OLDER_PEPPER = 'the pepper before, also long enough to look like one';
const hasherWith = (options: Partial<Parameters<typeof PasswordHasher.create>[0]> = {}) =>
  PasswordHasher.create({ cost: 4, peppers: [PEPPER], ...options });

describe('a password hash', () => {
  it('verifies its own password and no other', async () => {
    const hasher = await hasherWith();
    const hash = await hasher.hash('correct horse battery');
    expect(await hasher.verify('correct horse battery', hash)).toBe(true);
    expect(await hasher.verify('correct horse batterz', hash)).toBe(false);
    expect(await hasher.hash('correct horse battery')).not.toBe(hash);
  });

  it('names format, pepper and cost, and shows nothing of the pepper', async () => {
    const hash = await (await hasherWith()).hash('correct horse battery');
    expect(hash).toMatch(/^tg1\$[\w-]{11}\$\$2b\$04\$.{53}$/);
    expect(hash).not.toContain(PEPPER.slice(0, 8));
  });

  it('tells passwords apart that share their first 72 bytes', async () => {
    const hasher = await hasherWith();
    const start = 'x'.repeat(72);
    const hash = await hasher.hash(`${start}a`);
    expect(await hasher.verify(`${start}a`, hash)).toBe(true);
    expect(await hasher.verify(`${start}b`, hash)).toBe(false);
    expect(await hasher.verify(start, hash)).toBe(false);
  });

  it('does not end at a NUL', async () => {
    const hasher = await hasherWith();
    const hash = await hasher.hash('before\0after');
    expect(await hasher.verify('before\0after', hash)).toBe(true);
    expect(await hasher.verify('before\0other', hash)).toBe(false);
  });

  it('takes the composed and the decomposed form of a password as equal', async () => {
    const hasher = await hasherWith();
    const [composed, decomposed] = [
      'caf\u00e9 cr\u00e8me br\u00fbl\u00e9e',
      'cafe\u0301 cre\u0300me bru\u0302le\u0301e',
    ];
    expect(await hasher.verify(decomposed, await hasher.hash(composed))).toBe(true);
    expect(await hasher.verify(composed, await hasher.hash(decomposed))).toBe(true);
  });

  it('is never matched or made by ill-formed Unicode', async () => {
    const hasher = await hasherWith();
    const hash = await hasher.hash('half a pair: \ufffd');
    expect(await hasher.verify('half a pair: \ud83d', hash)).toBe(false);
    await expect(hasher.hash('half a pair: \ud83d')).rejects.toThrow(TypeError);
  });
});

describe('changing the settings', () => {
  it('goes on verifying under an older pepper, and asks for a new hash', async () => {
    const hash = await (await hasherWith({ peppers: [OLDER_PEPPER] })).hash('correct horse battery');
    const both = await hasherWith({ peppers: [PEPPER, OLDER_PEPPER] });
    expect(await both.verify('correct horse battery', hash)).toBe(true);
    expect(await both.verify('another horse battery', hash)).toBe(false);
    expect(both.needsRehash(hash)).toBe(true);
    expect([both.canVerify(hash), (await hasherWith()).canVerify(hash)]).toEqual([true, false]);
    expect(both.needsRehash(await both.hash('correct horse battery'))).toBe(false);
    expect(await (await hasherWith()).verify('correct horse battery', hash)).toBe(false);
  });

  it.each([
    [4, 6],
    [6, 4],
  ])('goes on verifying from cost %i to cost %i, and asks for a new hash', async (from, to) => {
    const hash = await (await hasherWith({ cost: from })).hash('correct horse battery');
    const hasher = await hasherWith({ cost: to });
    expect(await hasher.verify('correct horse battery', hash)).toBe(true);
    expect(await hasher.verify('another horse battery', hash)).toBe(false);
    expect(hasher.needsRehash(hash)).toBe(true);
  });

  it.each([{ cost: 3 }, { cost: 16 }, { cost: 10.5 }, { peppers: [] }])('refuses %j', async (options) => {
    await expect(hasherWith(options)).rejects.toThrow(RangeError);
  });
});

describe('what must not verify', () => {
  it.each([
    ['nothing', ''],
    ['text', 'correct horse battery'],
    ['an unknown pepper', `tg1$AAAAAAAAAAA$$2b$04$${'a'.repeat(53)}`],
    ['an absurd cost', `tg1$AAAAAAAAAAA$$2b$31$${'a'.repeat(53)}`],
    ['another version', `tg2$AAAAAAAAAAA$$2b$04$${'a'.repeat(53)}`],
  ])('is false for a hash that is %s', async (_, hash) => {
    const hasher = await hasherWith();
    expect(await hasher.verify('correct horse battery', hash)).toBe(false);
    expect(hasher.needsRehash(hash)).toBe(true);
    expect(hasher.canVerify(hash)).toBe(false);
  });

  it('is false for a bare bcrypt hash of the password, and for no hash at all', async () => {
    const hasher = await hasherWith();
    expect(await hasher.verify('correct horse battery', await bcryptHash('correct horse battery', 4))).toBe(
      false,
    );
    expect(await hasher.verify('correct horse battery', null)).toBe(false);
  });
});

describe('time', () => {
  const COST = 8;
  const cpuOf = async (work: () => Promise<unknown>): Promise<number> => {
    const rounds: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      const before = process.cpuUsage();
      await work();
      const { user, system } = process.cpuUsage(before);
      rounds.push(user + system);
    }
    return Math.min(...rounds);
  };

  it('costs the same work for right, wrong, unknown, malformed and older hashes', async () => {
    const hasher = await hasherWith({ cost: COST });
    const current = await hasher.hash('correct horse battery');
    const older = await (await hasherWith({ cost: 5 })).hash('correct horse battery');
    const costs = [
      await cpuOf(() => hasher.verify('correct horse battery', current)),
      await cpuOf(() => hasher.verify('another horse battery', current)),
      await cpuOf(() => hasher.verify('correct horse battery', null)),
      await cpuOf(() => hasher.verify('correct horse battery', 'malformed')),
      await cpuOf(() => hasher.verify('correct horse battery', older)),
      await cpuOf(() => hasher.verify('another horse battery', older)),
    ];
    // A missing step would show as half the work or less.
    expect(Math.max(...costs) / Math.min(...costs)).toBeLessThan(1.6);
  });
});

describe('load', () => {
  it('runs few at once, lets a bounded number wait, and refuses the rest', async () => {
    const hasher = await hasherWith({ concurrency: 2, maxQueued: 3, maxWaitMs: 2_500 });
    const outcomes = Promise.allSettled(
      Array.from({ length: 64 }, () => hasher.verify('correct horse', null)),
    );
    expect(hasher.stats()).toEqual({ running: 2, queued: 3, maxQueued: 3 });
    const settled = await outcomes;
    const refused = settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused).toHaveLength(59);
    expect(
      refused.every((reason) => reason instanceof HashingOverloaded && reason.retryAfterSeconds === 3),
    ).toBe(true);
    expect(hasher.stats()).toEqual({ running: 0, queued: 0, maxQueued: 3 });
    expect(await hasher.verify('correct horse', null)).toBe(false);
  });

  it('does not begin what has waited too long', async () => {
    let now = 0;
    const clock = { now: () => now, offset: 0 };
    const hasher = await hasherWith({ concurrency: 1, maxWaitMs: 1_000, clock });
    const [begun, waiting] = [hasher.hash('correct horse'), hasher.hash('correct horse')];
    now = 1_001;
    const outcomes = await Promise.allSettled([begun, waiting]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(waiting).rejects.toThrow(HashingOverloaded);
    await expect(hasher.hash('correct horse')).resolves.toBeDefined();
  });
});
