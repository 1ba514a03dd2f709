// The axis of time, the same below every chart: minutes of the run.
import { COLOURS } from './canvas.mjs';

const INTERVALS = [30, 60, 120, 300];
const LABEL = 46;

/** Over so many points of width. */
export function timeAxis({ start, end }, width) {
  const interval = INTERVALS.find((seconds) => (width * seconds) / (end - start) >= LABEL) ?? 600;
  return {
    ...{ type: 'value', min: 0, max: end - start, interval },
    axisLabel: {
      ...{ color: COLOURS.dim, fontSize: 11, hideOverlap: true, showMinLabel: true },
      formatter: (seconds) => (seconds % interval === 0 ? minutes(seconds) : ''),
    },
    axisLine: { show: true, lineStyle: { color: COLOURS.grid } },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: COLOURS.grid } },
  };
}

/** Behind the lines, when something happened. */
export function eventAreas({ events, start }) {
  return {
    silent: true,
    data: events.map(({ kind, from, to }) => [
      { xAxis: from - start, itemStyle: { color: COLOURS[kind] } },
      { xAxis: to - start },
    ]),
  };
}

export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, '0')}`;
}
