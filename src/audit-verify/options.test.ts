import { randomBytes } from 'node:crypto';
import { checkpointText, signedMark } from '../stores/audit/audit-chain';
import { AuditSeal } from '../stores/audit/audit-seal';
import { parseOptions, UsageError } from './options';

const place = {
  kind: 'CHECKPOINT',
  seq: 7n,
  chain: randomBytes(32),
  at: new Date(1_800_000_000_000),
} as const;
const mark = signedMark(new AuditSeal([randomBytes(32)]), place);

it('reads what it knows', () => {
  expect(parseOptions([])).toEqual({
    checkpoint: undefined,
    after: undefined,
    help: false,
    dataDir: undefined,
  });
  expect(parseOptions(['--checkpoint', checkpointText(mark), '--after=41'], 'data')).toEqual({
    checkpoint: mark,
    after: 41n,
    help: false,
    dataDir: 'data',
  });
  expect(parseOptions(['--data-dir=x'], 'data').dataDir).toBe('x');
});

it.each([
  [['--checkpoint', 'x']],
  [['--checkpoint']],
  [['--after', '-1']],
  [['--after', '1e3']],
  [['--after', '9'.repeat(19)]],
  [['--data-dir', 'x']],
  [['--what']],
  [['what']],
])('does not take %j', (args) => {
  expect(() => parseOptions(args)).toThrow(UsageError);
});
