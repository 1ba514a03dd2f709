/** Control characters, invisible ones that turn or join text, lone surrogates, other line breaks. */
const HARMFUL = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * The same text with what could steer a terminal or disguise a line written as an escape: names, notes and reasons are
 * whatever somebody once wrote.
 */
export function harmless(text: string): string {
  return text.replace(HARMFUL, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** JSON of the same value without the characters that `JSON.stringify` leaves and a terminal may obey. */
export function harmlessJson(value: unknown): string {
  const json = JSON.stringify(value, null, 2);
  // Line by line: the breaks between them are ours.
  return json
    .split('\n')
    .map((line) => line.replace(HARMFUL, (character) => character.split('').map(unitEscape).join('')))
    .join('\n');
}

function unitEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Rows of cells as lines with columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(harmless));
  const widthOf = (column: number) => Math.max(...cells.map((row) => row[column]?.length ?? 0));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widthOf(column)))
      .join('  ')
      .trimEnd(),
  );
}
