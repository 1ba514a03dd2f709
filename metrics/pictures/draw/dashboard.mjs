// A dashboard as one picture, its panels where Grafana puts them.
import { pngQuantize } from '@napi-rs/image';
import { drawBars } from './bars.mjs';
import { COLOURS, box as drawBox, openCanvas, widthOf, write } from './canvas.mjs';
import { drawLines } from './lines.mjs';
import { drawNumbers } from './numbers.mjs';
import { drawStates } from './states.mjs';
import { minutes } from './time.mjs';

const WIDTH = 1200;
const MARGIN = 14;
const GAP = 8;
const HEAD = 66;
/** Grafana's grid has 24 columns; a row of it is made this high. */
const COLUMN = (WIDTH - 2 * MARGIN + GAP) / 24;
const ROW = 38;
const TITLE = 32;

const KINDS = {
  timeseries: drawLines,
  stat: drawNumbers,
  bargauge: drawBars,
  'state-timeline': drawStates,
};

/**
 * The PNG of a dashboard with the series of its panels, over the span of the run, in 256 colours. Rejects on a kind of panel
 * that is new.
 */
export async function drawDashboard(dashboard, span) {
  const rows = Math.max(...dashboard.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const height = HEAD + rows * ROW + MARGIN;
  const { canvas, context } = openCanvas(WIDTH, height);
  context.fillStyle = COLOURS.page;
  context.fillRect(0, 0, WIDTH, height);
  drawHead(context, dashboard, span);
  for (const panel of dashboard.panels) drawPanel(context, panel, span);
  return pngQuantize(canvas.toBuffer('image/png'));
}

function drawHead(context, { title }, { start, end, step, events }) {
  write(context, title, { x: MARGIN + 2, y: 24, size: 20, weight: 600 });
  const about = `A run of ${minutes(end - start)} min against one instance, scraped every ${step} s; rates over ${4 * step} s`;
  write(context, about, { x: MARGIN + 2, y: 49, size: 12.5, colour: COLOURS.dim });
  let right = WIDTH - MARGIN;
  for (const { kind, what } of events.toReversed()) {
    write(context, what, { x: right, y: 49, size: 12.5, colour: COLOURS.dim, align: 'right' });
    right -= widthOf(context, what, { size: 12.5 }) + 30;
    drawBox(context, { x: right, y: 42, width: 22, height: 14 }, { fill: COLOURS[kind], edge: COLOURS.edge });
    right -= 18;
  }
}

function drawPanel(context, panel, span) {
  const { x, y, w, h } = panel.gridPos;
  const area = {
    x: MARGIN + x * COLUMN,
    y: HEAD + y * ROW,
    width: w * COLUMN - GAP,
    height: h * ROW - GAP,
  };
  if (panel.type === 'row') {
    write(context, panel.title, { x: area.x + 2, y: area.y + area.height / 2, size: 15, weight: 600 });
    return;
  }
  const draw = KINDS[panel.type];
  if (draw === undefined) throw new Error(`there is a new kind of panel: ${panel.type}`);
  drawBox(context, area, { fill: COLOURS.panel, edge: COLOURS.edge });
  write(context, panel.title, { x: area.x + 12, y: area.y + 17, size: 13.5, weight: 500 });
  draw(context, { ...area, y: area.y + TITLE, height: area.height - TITLE }, panel, span);
}
