// What Prometheus answers to every query of every panel.
import { filledDashboards } from '../../drills/stack/panels.mjs';

/**
 * The dashboards with `series: [{name, points: [[seconds, number]]}]` for each panel, one point of an instant query, and
 * what went wrong, in lines for people: queries that were `refused`, those whose answer is `empty` of numbers, and both as `faults`.
 *
 * Windows of rates are as Grafana makes them: four scrapes, and no less than one step and a scrape.
 */
export async function askAll(prometheus, { start, end, step }) {
  const range = end - start;
  const dashboards = filledDashboards({ range, rateInterval: 4 * step });
  const answered = [];
  for (const dashboard of dashboards) {
    const panels = [];
    const [empty, refused] = [[], []];
    let queries = 0;
    for (const panel of dashboard.panels) {
      const series = [];
      for (const target of panel.targets ?? []) {
        queries += 1;
        try {
          const found = target.instant
            ? await prometheus.query(target.expr, end)
            : await prometheus.queryRange(target.expr, range, { end, step });
          const named = found.map((one) => ({
            name: nameOf(target.legendFormat, one),
            points: pointsOf(one),
          }));
          const drawn = named.filter(({ points }) => points.some(([, number]) => Number.isFinite(number)));
          if (drawn.length === 0) empty.push(`${panel.title}: nothing for ${target.expr}`);
          series.push(...drawn);
        } catch (error) {
          refused.push(`${panel.title}: ${error.message}`);
        }
      }
      panels.push({ ...panel, series });
    }
    answered.push({ ...dashboard, panels, queries, empty, refused, faults: [...empty, ...refused] });
  }
  return answered;
}

/** A legend as Grafana fills it. */
function nameOf(legend, { metric }) {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? '').trim();
}

function pointsOf({ value, values = [value] }) {
  return values.map(([seconds, number]) => [seconds, Number(number)]);
}
