import { harmless, harmlessJson, table } from './terminal-text';

/** What moves a cursor, names a window, answers for the user, hides, turns round or begins a line. */
const ATTACKS = [
  '\u001b[2J\u001b[H',
  '\u001b]0;title\u0007',
  '\u001b[6n',
  '\u009b31m',
  'safe\rforged',
  'one\ntwo',
  '\u0000\u0008\u007f',
  'abc\u202egnp.exe',
  '\u2066inside\u2069',
  'zero\u200bwidth\ufeff',
  '\u2028line\u2029',
  '\ud800 alone',
  '\u{e0041} tag',
];

it.each(ATTACKS)('leaves nothing harmful of %j', (attack) => {
  expect(harmless(attack)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  expect(table([[attack, 'x']]).join('')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  const json = harmlessJson({ [attack]: attack });
  expect(json.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(json)).toEqual({ [attack]: attack });
});

it('shows where something was, and leaves honest text alone', () => {
  expect(harmless('a\u001b[31mb')).toBe('a\\u{1b}[31mb');
  expect(harmless('Zoë Łukasz 北京 👩 e\u0301')).toBe('Zoë Łukasz 北京 👩 e\u0301');
});

it('keeps columns straight by what is shown', () => {
  const lines = table([
    ['\u001b', 'one'],
    ['longer than that', 'two'],
  ]);
  expect(lines[0]?.indexOf('one')).toBe(lines[1]?.indexOf('two'));
});
