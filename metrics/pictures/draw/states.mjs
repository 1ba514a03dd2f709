// What was up and what was down, as bands over time.
import { COLOURS, drawChart } from './canvas.mjs';
import { eventAreas, timeAxis } from './time.mjs';

const [LEFT, RIGHT] = [102, 14];
/** As high as a band gets where there are few. */
const BAND = 44;

export function drawStates(context, box, panel, span) {
  const { options } = panel.fieldConfig.defaults.mappings[0];
  const series = panel.series.toSorted((a, b) => a.name.localeCompare(b.name));
  const bands = series.flatMap(({ points }, row) =>
    runsOf(points, span).map(({ from, to, value }) => [row, from, to, value]),
  );
  drawChart(
    context,
    { ...box, height: box.height - 6 },
    {
      grid: { left: LEFT, right: RIGHT, top: 4, bottom: 24 },
      xAxis: timeAxis(span, box.width - LEFT - RIGHT),
      yAxis: {
        ...{ type: 'category', inverse: true, data: series.map(({ name }) => name) },
        ...{ axisLine: { show: false }, axisTick: { show: false } },
        axisLabel: { color: COLOURS.text, fontSize: 12 },
      },
      series: {
        type: 'custom',
        encode: { x: [1, 2], y: 0 },
        data: bands,
        markArea: eventAreas(span),
        renderItem: (_, api) => bandOf(api, options[api.value(3)]),
      },
    },
  );
}

function bandOf(api, { text, color }) {
  const [left, middle] = api.coord([api.value(1), api.value(0)]);
  const [right] = api.coord([api.value(2), api.value(0)]);
  const height = Math.min(BAND, api.size([0, 1])[1] * 0.72);
  const [x, y, width] = [left, middle - height / 2, right - left];
  const band = {
    type: 'rect',
    shape: { x, y, width, height, r: 2 },
    style: { fill: COLOURS[color], opacity: 0.8 },
  };
  if (width < 12 + 7 * text.length) return band;
  const style = { text, x: x + 8, y: middle, verticalAlign: 'middle', fill: '#ffffff', fontSize: 12 };
  return { type: 'group', children: [band, { type: 'text', style }] };
}

/** Stretches of one value: to the next point that has another, or to the end of the last point's step. */
function runsOf(points, { start, end, step }) {
  const runs = [];
  for (const [at, value] of points) {
    const last = runs.at(-1);
    const to = Math.min(at + step, end) - start;
    if (last?.value === value && last.to === at - start) last.to = to;
    else runs.push({ from: at - start, to, value });
  }
  return runs;
}
