import { Counter, type Registry } from 'prom-client';

/**
 * A counter whose `known` series are there from the start, at 0: of a series that appears with its first event, Prometheus
 * sees no increase, and an alert would sleep through it. Of several workers' counts the scrape tells the sum, or `aggregator`:
 * `max` for what each of them sees alike.
 */
export function counterOf<L extends string>(
  registry: Registry,
  {
    name,
    help,
    labelNames,
    known = [],
    aggregator = 'sum',
  }: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly L[];
    readonly known?: readonly Record<L, string>[];
    readonly aggregator?: 'sum' | 'max';
  },
): Counter<L> {
  // prom-client takes an aggregator of any metric, and its types of gauges alone.
  const configuration = { name, help, labelNames: [...labelNames], registers: [registry], aggregator };
  const counter = new Counter<L>(configuration);
  for (const labels of known) counter.inc(labels, 0);
  return counter;
}
