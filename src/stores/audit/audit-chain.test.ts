import { randomBytes } from 'node:crypto';
import { checkpointText, type MarkKind, markHolds, parseCheckpoint, signedMark } from './audit-chain';
import { AuditSeal } from './audit-seal';

const seal = new AuditSeal([randomBytes(32)]);
const place = {
  kind: 'CHECKPOINT',
  seq: 17n,
  chain: randomBytes(32),
  at: new Date(1_800_000_000_000),
} as const;
const mark = signedMark(seal, place);

describe('a signed place', () => {
  it('holds as it was signed, and no other way', () => {
    expect(markHolds(seal, mark)).toBe(true);
    for (const kind of ['ANCHOR', 'HEAD'] as const satisfies readonly MarkKind[]) {
      expect(markHolds(seal, { ...mark, kind })).toBe(false);
    }
    expect(markHolds(seal, { ...mark, seq: 16n })).toBe(false);
    expect(markHolds(seal, { ...mark, chain: randomBytes(32) })).toBe(false);
    expect(markHolds(seal, { ...mark, at: new Date(0) })).toBe(false);
    expect(markHolds(new AuditSeal([randomBytes(32)]), mark)).toBeUndefined();
  });
});

describe('a checkpoint as a word', () => {
  const word = checkpointText(mark);

  it('is read as it was written, also where a line break came along', () => {
    expect(word).toMatch(/^[\w.-]+$/);
    expect(parseCheckpoint(`${word}\n`)).toEqual(mark);
  });

  it.each([
    '',
    'x',
    word.slice(1 + word.indexOf('.')),
    `${word}x`,
    word.slice(0, -1),
    word.replace('17', '-17'),
  ])('is not %j', (text) => {
    expect(parseCheckpoint(text)).toBeUndefined();
  });
});
