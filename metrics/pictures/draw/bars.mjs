// Bars side by side, the longest first.
import { COLOURS, drawChart, PALETTE } from './canvas.mjs';
import { told } from './units.mjs';

/** As high as bars get where there are few. */
const BAR = 26;

export function drawBars(context, box, panel) {
  const { unit } = panel.fieldConfig.defaults;
  const bars = panel.series
    .map(({ name, points }) => ({ name: name || 'none', value: points.at(-1)[1] }))
    .toSorted((a, b) => b.value - a.value);
  const names = Math.min(box.width * 0.46, 16 + 6.6 * Math.max(...bars.map(({ name }) => name.length)));
  drawChart(
    context,
    { ...box, height: box.height - 8 },
    {
      grid: { left: names + 10, right: 72, top: 2, bottom: 2 },
      xAxis: { type: 'value', min: 0, max: Math.max(...bars.map(({ value }) => value), 1e-9), show: false },
      yAxis: {
        ...{ type: 'category', inverse: true, data: bars.map(({ name }) => name) },
        ...{ axisLine: { show: false }, axisTick: { show: false } },
        axisLabel: { color: COLOURS.text, fontSize: 12, width: names, overflow: 'truncate' },
      },
      series: {
        type: 'bar',
        barWidth: '72%',
        barMaxWidth: BAR,
        showBackground: true,
        backgroundStyle: { color: COLOURS.grid },
        data: bars.map(({ value }, place) => ({
          value,
          itemStyle: { color: PALETTE[place % PALETTE.length] },
        })),
        label: {
          ...{ show: true, position: 'right', distance: 8, fontSize: 12, color: COLOURS.text },
          formatter: ({ value }) => told(value, unit),
        },
      },
    },
  );
}
