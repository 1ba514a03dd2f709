// What everything is drawn on, and with: sizes in points, of which the picture has `SCALE` pixels each.
import { join } from 'node:path';
import { createCanvas, GlobalFonts } from '@napi-rs/canvas';
import { init, setPlatformAPI } from 'echarts';

export const SCALE = 4 / 3;
export const COLOURS = {
  page: '#111217',
  panel: '#181b1f',
  edge: '#2a2d34',
  grid: '#2c3038',
  text: '#d5d6df',
  dim: '#9396a1',
  green: '#56a64b',
  orange: '#ff9830',
  red: '#e5484d',
  attack: 'rgba(229, 72, 77, 0.13)',
  outage: 'rgba(138, 118, 240, 0.20)',
  transparent: 'transparent',
};
/** In turn, for series. */
export const PALETTE = [
  ...['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#f2495c', '#b877d9'],
  ...['#8ab8ff', '#c8f2c2', '#ffa6b0', '#96d98d', '#ffcb7d', '#deb6f2'],
];

const FONT = 'Inter';
const FILES = join(import.meta.dirname, '..', 'node_modules', '@fontsource', 'inter', 'files');
// Its own font, so that a picture is the same wherever it is made.
for (const weight of [400, 500, 600]) {
  GlobalFonts.registerFromPath(join(FILES, `inter-latin-${weight}-normal.woff2`), FONT);
}
setPlatformAPI({ createCanvas: () => createCanvas(1, 1) });

export const font = (size, weight = 400) => `${weight} ${size}px ${FONT}`;

/** A canvas of so many points. */
export function openCanvas(width, height) {
  const canvas = createCanvas(Math.round(width * SCALE), Math.round(height * SCALE));
  const context = canvas.getContext('2d');
  context.scale(SCALE, SCALE);
  return { canvas, context };
}

/** Draws a chart by its option for ECharts into a box. */
export function drawChart(context, { x, y, width, height }, option) {
  const canvas = createCanvas(Math.round(width * SCALE), Math.round(height * SCALE));
  const chart = init(canvas, null, { width, height, devicePixelRatio: SCALE });
  chart.setOption({
    animation: false,
    textStyle: { fontFamily: FONT, fontSize: 11, color: COLOURS.dim },
    ...option,
  });
  chart.renderToCanvas();
  context.drawImage(canvas, x, y, width, height);
  chart.dispose();
}

/** Writes on one line, cut where it is longer than `width`. */
export function write(context, text, { x, y, size = 12, weight, colour = COLOURS.text, align, width }) {
  context.font = font(size, weight);
  context.fillStyle = colour;
  context.textAlign = align ?? 'left';
  context.textBaseline = 'middle';
  context.fillText(width === undefined ? text : cut(context, text, width), x, y);
}

export function widthOf(context, text, { size = 12, weight } = {}) {
  context.font = font(size, weight);
  return context.measureText(text).width;
}

function cut(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let length = text.length - 1;
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length)}…`;
}

export function box(context, { x, y, width, height }, { fill, edge, radius = 3 }) {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fillStyle = fill;
  context.fill();
  if (!edge) return;
  context.strokeStyle = edge;
  context.lineWidth = 1;
  context.stroke();
}
