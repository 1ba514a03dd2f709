import fc from 'fast-check';
import { parseTraceParent } from './trace-parent';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

it.each([
  ['01', true],
  ['00', false],
  ['03', true],
  ['fe', false],
])('reads version 00 with flags %s', (flags, sampled) => {
  expect(parseTraceParent(`00-${traceId}-${spanId}-${flags}`)).toEqual({ traceId, spanId, sampled });
});

it.each([
  [`01-${traceId}-${spanId}-01`],
  [`cc-${traceId}-${spanId}-01`],
  [`fe-${traceId}-${spanId}-01-`],
  [`01-${traceId}-${spanId}-01-what-may-come, of any kind`],
])('reads of a later version what it knows: %s', (header) => {
  expect(parseTraceParent(header)).toEqual({ traceId, spanId, sampled: true });
});

it.each([
  [undefined],
  [''],
  [`00-${traceId}-${spanId}`],
  [`00-${traceId}-${spanId}-1`],
  [`00-${traceId}-${spanId}-01-more`],
  [`00-${traceId}-${spanId}-01 `],
  [` 00-${traceId}-${spanId}-01`],
  [`00-${traceId}-${spanId}-01\n`],
  [`01-${traceId}-${spanId}-01.more`],
  [`01-${traceId}-${spanId}-011`],
  [`01-${traceId}-${spanId}`],
  [`01-${traceId}-${spanId}-01, 01-${traceId}-${spanId}-01`],
  [`1-${traceId}-${spanId}-01`],
  [`0A-${traceId}-${spanId}-01`],
  [`01-${'0'.repeat(32)}-${spanId}-01`],
  [`ff-${traceId}-${spanId}-01`],
  [`00-${traceId.toUpperCase()}-${spanId}-01`],
  [`00-${traceId}-${spanId.toUpperCase()}-01`],
  [`00-${traceId}-${spanId}-0G`],
  [`00-${'0'.repeat(32)}-${spanId}-01`],
  [`00-${traceId}-${'0'.repeat(16)}-01`],
  [`00-${traceId.slice(1)}-${spanId}-01`],
  [`00-${traceId}0-${spanId}-01`],
  // Sent twice.
  [`00-${traceId}-${spanId}-01, 00-${traceId}-${spanId}-01`],
  [[`00-${traceId}-${spanId}-01`]],
])('takes %j for not sent', (header) => {
  expect(parseTraceParent(header)).toBeUndefined();
});

it('takes nothing but hexadecimal digits from anybody', () => {
  const almost = fc.stringMatching(/^[0-9a-fA-F]{2}-[0-9a-gG]{31,33}-[0-9a-f]{15,17}-[0-9a-f]{1,3}.?$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), almost), (header) => {
      const parsed = parseTraceParent(header);
      if (parsed === undefined) return;
      expect(parsed.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(parsed.spanId).toMatch(/^[0-9a-f]{16}$/);
    }),
    { numRuns: 2_000 },
  );
});
