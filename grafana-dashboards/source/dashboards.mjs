// The dashboards as Grafana takes them, by the name of their file.
import * as dashboard from '@grafana/grafana-foundation-sdk/dashboard';
import { abuse } from './abuse.mjs';
import { authentication } from './authentication.mjs';
import { dependencies } from './dependencies.mjs';
import { overview } from './overview.mjs';
import { DATASOURCE } from './panels.mjs';

/** JSON of every dashboard, by file name. */
export function dashboardFiles() {
  return Object.fromEntries(
    Object.entries({ overview, authentication, abuse, dependencies }).map(([name, described]) => [
      `${name}.json`,
      `${JSON.stringify(built(described), null, 2)}\n`,
    ]),
  );
}

function built({ uid, title, about, rows }) {
  const builder = new dashboard.DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(['tollgate'])
    .timezone('browser')
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(dashboard.DashboardCursorSync.Crosshair)
    .editable()
    .withVariable(
      new dashboard.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .withVariable(
      new dashboard.QueryVariableBuilder('instance')
        .label('Instance')
        .datasource(DATASOURCE)
        .query('label_values(up{job="tollgate"}, instance)')
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
        .sort(dashboard.VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        .allValue('.+')
        .current({ text: 'All', value: '$__all' }),
    )
    .annotation(
      new dashboard.AnnotationQueryBuilder()
        .name('Alerts')
        .datasource(DATASOURCE)
        .enable(true)
        .iconColor('red')
        .expr('ALERTS{alertname=~"Tollgate.+",alertstate="firing"}')
        .titleFormat('{{alertname}}')
        .textFormat('{{severity}}'),
    )
    .link(
      new dashboard.DashboardLinkBuilder('Tollgate')
        .type('dashboards')
        .tags(['tollgate'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    );
  rows.forEach(([name, ...panels], place) => {
    builder.withRow(new dashboard.RowBuilder(name).id(100 + place));
    for (const panel of panels) builder.withPanel(panel);
  });
  return builder.build();
}
