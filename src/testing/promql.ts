import { parser } from '@prometheus-io/lezer-promql';

/** One metric that an expression asks for. */
export interface Selector {
  readonly metric: string;
  /** Labels that its matchers name. */
  readonly labels: readonly string[];
  /** Aggregations around it, from the inside out: `sum`, `max` … */
  readonly aggregations: readonly string[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels that it groups by. */
  readonly groupedBy: readonly string[];
  /** Each aggregation with what it is of, as it stands. */
  readonly aggregated: readonly string[];
}

/** Grafana's variables, as it would put something in for them. */
const VARIABLES: readonly (readonly [name: string, value: string])[] = [
  ['$__rate_interval', '1m'],
  ['$__range', '1h'],
  ['$instance', '.+'],
];

/** Reads an expression of PromQL, of a rule or a dashboard, by Prometheus' own grammar. Throws if it is none. */
export function readPromql(text: string): Expression {
  const source = VARIABLES.reduce((rest, [name, value]) => rest.replaceAll(name, value), text).trim();
  const selectors: { metric: string; labels: string[]; aggregations: string[] }[] = [];
  const groupedBy: string[] = [];
  const aggregations: string[] = [];
  const aggregated: string[] = [];
  parser.parse(source).iterate({
    enter({ name, type, from, to, node }) {
      const said = source.slice(from, to);
      if (type.isError) throw new Error(`not PromQL at ${from}: ${source}`);
      if (name === 'AggregateExpr') {
        aggregated.push(said);
        aggregations.unshift(source.slice(from, node.getChild('AggregateOp')?.to).trim());
      } else if (name === 'VectorSelector') {
        const metric = node.getChild('Identifier');
        if (metric === null) throw new Error(`a selector without a metric: ${said}`);
        selectors.push({
          metric: source.slice(metric.from, metric.to),
          labels: [],
          aggregations: [...aggregations],
        });
      } else if (name === 'LabelName') {
        if (node.parent?.name === 'GroupingLabels') groupedBy.push(said);
        else selectors.at(-1)?.labels.push(said);
      }
    },
    leave({ name }) {
      if (name === 'AggregateExpr') aggregations.shift();
    },
  });
  return { selectors, groupedBy, aggregated };
}
