// Numbers written large, one beside the other.
import { COLOURS, box as drawBox, PALETTE, widthOf, write } from './canvas.mjs';
import { told } from './units.mjs';

const LARGEST = 40;

export function drawNumbers(context, box, panel) {
  const { unit, decimals, thresholds } = panel.fieldConfig.defaults;
  const { colorMode, textMode } = panel.options;
  const each = box.width / panel.series.length;
  const numbers = panel.series.map(({ name, points: [[, value]] }) => ({
    ...{ name, value, text: told(value, unit, decimals) },
  }));
  const size = sizeFor(context, numbers, each - 36);
  numbers.forEach(({ name, value, text }, place) => {
    const area = { ...box, x: box.x + place * each, width: each };
    if (colorMode === 'background') {
      const inside = { x: area.x + 8, y: area.y, width: area.width - 16, height: area.height - 8 };
      drawBox(context, inside, { fill: COLOURS[stepOf(thresholds, value)] });
    }
    const colour = colorMode === 'background' ? '#ffffff' : PALETTE[place % PALETTE.length];
    const x = area.x + each / 2;
    const middle = box.y + box.height / 2 - 4;
    const named = textMode === 'value_and_name';
    if (named) write(context, name, { x, y: middle - 26, size: 12.5, align: 'center', width: each - 16 });
    write(context, text, { x, y: named ? middle + 10 : middle, size, weight: 600, colour, align: 'center' });
  });
}

/** The same for all, so that the widest fits. */
function sizeFor(context, numbers, width) {
  const widths = numbers.map(({ text }) => widthOf(context, text, { size: LARGEST, weight: 600 }));
  return Math.min(LARGEST, (LARGEST * width) / Math.max(...widths));
}

/** The colour of the highest step that the value has reached. */
function stepOf({ steps }, value) {
  return steps.findLast((step) => step.value === null || value >= step.value).color;
}
