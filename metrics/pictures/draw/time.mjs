// The axis of time, the same below every chart: minutes of the run.
import { COLOURS } from './canvas.mjs';

/** A run with a line for each minute, not for each half. */
const LONG_SECONDS = 300;

export function timeAxis({ start, end }) {
  const interval = end - start > LONG_SECONDS ? 60 : 30;
  return {
    ...{ type: 'value', min: 0, max: end - start, interval },
    axisLabel: {
      ...{ color: COLOURS.dim, fontSize: 11, hideOverlap: true },
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
