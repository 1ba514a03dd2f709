// The kinds of panels that the dashboards are made of, each with a description, a unit and the data source by variable.
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';

export const DATASOURCE = { type: 'prometheus', uid: '$datasource' };

/** The labels of every series of the service, on the instances chosen above the panels. */
export const OF_SERVICE = 'job="tollgate",instance=~"$instance"';

/** What users ask for: without scrapes, health checks and paths that do not exist. */
export const OF_USERS = `${OF_SERVICE},route!~"/metrics|/health/.+|unmatched"`;

/**
 * Lines over time. `queries` are `[expression, legend]`; `steps` are `[from, colour]`, drawn as a line; `alerts` name the
 * alerts that watch what the panel shows; `stacked` piles the series up.
 */
export function lines({ stacked = false, min = 0, max, ...panel }) {
  const builder = new timeseries.PanelBuilder()
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 8)
    .showPoints(common.VisibilityMode.Never)
    .spanNulls(false)
    .min(min)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['mean', 'max', 'lastNotNull']),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder()
        .mode(common.TooltipDisplayMode.Multi)
        .sort(common.SortOrder.Descending),
    );
  if (max !== undefined) builder.max(max);
  if (stacked) builder.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (panel.steps) {
    builder.thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.DashedAndArea),
    );
  }
  return finished(builder, { width: 12, height: 8, ...panel });
}

/** One number, or one per series, as it is now or over the whole range. */
export function number({ names = false, ...panel }) {
  const builder = new stat.PanelBuilder()
    .colorMode(panel.steps ? common.BigValueColorMode.Background : common.BigValueColorMode.Value)
    .textMode(names ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Auto)
    .graphMode(common.BigValueGraphMode.None)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return finished(builder, { width: 4, height: 5, instant: true, ...panel });
}

/** Bars side by side, one for each series. */
export function bars(panel) {
  const builder = new bargauge.PanelBuilder()
    .displayMode(common.BarGaugeDisplayMode.Gradient)
    .orientation(common.VizOrientation.Horizontal)
    .min(0)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return finished(builder, { width: 12, height: 8, instant: true, ...panel });
}

/** What is up and what is down over time; a value of 1 is well, or with `bad: 1` is ill. */
export function states({ good, bad, ...panel }) {
  const [well, ill] = bad.value === 1 ? ['0', '1'] : ['1', '0'];
  const builder = new statetimeline.PanelBuilder()
    .mergeValues(true)
    .showValue(common.VisibilityMode.Auto)
    .mappings([
      {
        type: 'value',
        options: { [well]: { text: good, color: 'green' }, [ill]: { text: bad.text, color: 'red' } },
      },
    ])
    .min(0)
    .max(1);
  return finished(builder, { width: 12, height: 6, unit: 'none', ...panel });
}

function finished(
  builder,
  { id, title, about, unit, decimals, queries, steps, alerts = [], instant = false, width, height },
) {
  builder
    .id(id)
    .title(title)
    .description([about, ...alerts.map((alert) => `Alert: ${alert}.`)].join(' '))
    .datasource(DATASOURCE)
    .unit(unit)
    .span(width)
    .height(height)
    .links(alerts.map((alert) => linkTo(alert)))
    .thresholds(
      new dashboard.ThresholdsConfigBuilder()
        .mode('absolute')
        .steps((steps ?? [[null, 'green']]).map(([value, color]) => ({ value, color }))),
    );
  if (decimals !== undefined) builder.decimals(decimals);
  if (!steps) builder.colorScheme(new dashboard.FieldColorBuilder().mode('palette-classic'));
  queries.forEach(([expr, legend], place) => {
    const query = new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode(65 + place))
      .datasource(DATASOURCE)
      .expr(expr)
      .legendFormat(legend)
      .editorMode('code');
    builder.withTarget(instant ? query.instant() : query.range());
  });
  return builder;
}

/** To the state of an alert in Grafana's list of the data source's alerts; its summary and its paragraph of the README stand there. */
const linkTo = (alert) =>
  new dashboard.DashboardLinkBuilder(`${alert}: state and what to do`)
    .type('link')
    .url(`/alerting/list?search=${alert}`);
