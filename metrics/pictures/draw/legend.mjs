// Grafana's legend as a table: each series with its mean, its most and its last value.
import { COLOURS, write } from './canvas.mjs';
import { told } from './units.mjs';

const LINE = 17;
const ROWS = 5;
const VALUE = 74;
/** A wide panel has its legend side by side. */
const WIDE = 800;
const PAD = 12;

/** What is written for series that have a `colour`; those that there is no room for are counted. */
export function legendOf(series, unit, { width }) {
  const columns = width > WIDE ? 2 : 1;
  const room = ROWS * columns;
  const shown = series.length > room ? room - 1 : series.length;
  const entries = series.slice(0, shown).map(({ name, colour, points }) => {
    const numbers = points.map(([, number]) => number).filter(Number.isFinite);
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    const values = [mean, Math.max(...numbers), numbers.at(-1)].map((value) => told(value, unit));
    return { name, colour, values };
  });
  const rest = series.slice(shown);
  if (rest.length > 0) {
    const idle = rest.every(({ points }) => points.every(([, number]) => !(number > 0)));
    entries.push({ name: `and ${rest.length} more${idle ? ', all at 0' : ''}`, values: [] });
  }
  return { entries, columns, rows: Math.ceil(entries.length / columns) };
}

export function heightOfLegend({ rows }) {
  return (rows + 1) * LINE + 6;
}

export function drawLegend(context, { x, y, width }, { entries, columns, rows }) {
  const each = width / columns;
  for (let column = 0; column < Math.min(columns, entries.length); column += 1) {
    drawRow(
      context,
      { x: x + column * each, y: y + LINE / 2, width: each },
      { values: ['mean', 'max', 'last'] },
    );
  }
  entries.forEach((entry, place) => {
    const column = Math.floor(place / rows);
    const top = y + LINE * (1.5 + (place % rows));
    drawRow(context, { x: x + column * each, y: top, width: each }, entry);
  });
}

function drawRow(context, { x, y, width }, { name, colour, values }) {
  const right = x + width - PAD;
  const start = right - values.length * VALUE;
  if (colour) {
    context.fillStyle = colour;
    context.fillRect(x + PAD, y - 1.5, 14, 3);
  }
  if (name) {
    const text = colour ? COLOURS.text : COLOURS.dim;
    write(context, name, { x: x + PAD + 20, y, size: 11.5, colour: text, width: start - x - PAD - 20 });
  }
  values.forEach((value, place) => {
    const end = right - (values.length - 1 - place) * VALUE;
    write(context, value, {
      x: end,
      y,
      size: 11.5,
      colour: name ? COLOURS.text : COLOURS.dim,
      align: 'right',
    });
  });
}
