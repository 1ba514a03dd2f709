// Lines over time, with what Grafana's legend tells of each below them.
import { COLOURS, drawChart, PALETTE } from './canvas.mjs';
import { drawLegend, heightOfLegend, legendOf } from './legend.mjs';
import { eventAreas, timeAxis } from './time.mjs';
import { axisFor, told } from './units.mjs';

const [LEFT, RIGHT] = [66, 14];
/** A threshold is drawn if the values come as near to it as this part of it. */
const NEAR = 0.3;

export function drawLines(context, box, panel, span) {
  const series = byMost(panel.series).map((one, place) => ({
    ...one,
    colour: PALETTE[place % PALETTE.length],
  }));
  const { unit, custom = {}, max } = panel.fieldConfig.defaults;
  const stacked = custom.stacking?.mode === 'normal';
  const legend = legendOf(series, unit, box);
  const height = box.height - heightOfLegend(legend);
  const values = stacked ? sums(series) : series.flatMap(numbersOf);
  const limits = custom.thresholdsStyle ? thresholdsOf(panel, Math.max(...values), max) : [];
  const whole = unit === 'short' && values.every(Number.isInteger);
  const axis =
    max === undefined
      ? axisFor(Math.max(...values, ...limits.map(({ value }) => value)), unit, whole)
      : { max, step: max / 4 };

  drawChart(
    context,
    { ...box, height },
    {
      grid: { left: LEFT, right: RIGHT, top: 10, bottom: 22 },
      xAxis: timeAxis(span, box.width - LEFT - RIGHT),
      yAxis: {
        ...{ type: 'value', min: 0, max: axis.max, interval: axis.step },
        axisLabel: { formatter: (value) => told(value, unit), color: COLOURS.dim, fontSize: 11 },
        splitLine: { lineStyle: { color: COLOURS.grid } },
      },
      series: series.map((one, place) => ({
        type: 'line',
        data: pointsAt(one, span, stacked ? 0 : null),
        symbol: 'none',
        ...(stacked && { stack: 'all' }),
        lineStyle: { width: 1.4, color: one.colour },
        areaStyle: { color: one.colour, opacity: stacked ? 0.45 : 0.08 },
        ...(place === 0 && { markArea: eventAreas(span), markLine: thresholdLines(limits) }),
      })),
    },
  );
  drawLegend(context, { ...box, y: box.y + height }, legend);
}

function thresholdsOf({ fieldConfig }, most, max) {
  return fieldConfig.defaults.thresholds.steps
    .filter(({ value }) => value !== null && (max !== undefined || most === 0 || most >= value * NEAR))
    .filter(({ value }) => most > 0 || value <= 1);
}

function thresholdLines(limits) {
  return {
    silent: true,
    symbol: 'none',
    label: { show: false },
    data: limits.map(({ value, color }) => ({
      yAxis: value,
      lineStyle: { color: COLOURS[color], type: [6, 5], width: 1.2 },
    })),
  };
}

/** Those first that show most. */
function byMost(series) {
  return series.toSorted((a, b) => Math.max(...numbersOf(b)) - Math.max(...numbersOf(a)));
}

function numbersOf({ points }) {
  return points.map(([, number]) => number).filter(Number.isFinite);
}

/** One point for each step of the range; `otherwise` where there is none. */
function pointsAt({ points }, { start, end, step }, otherwise) {
  const there = new Map(points);
  const all = [];
  for (let at = start; at <= end; at += step) {
    const number = there.get(at);
    all.push([at - start, Number.isFinite(number) ? number : otherwise]);
  }
  return all;
}

function sums(series) {
  const total = new Map();
  for (const { points } of series) {
    for (const [at, number] of points) {
      if (Number.isFinite(number)) total.set(at, (total.get(at) ?? 0) + number);
    }
  }
  return [...total.values()];
}
