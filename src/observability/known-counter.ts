import { Counter, type Registry } from 'prom-client';

/**
 * A counter whose `known` series are there from the start, at 0: of a series that appears with its first event, Prometheus
 * sees no increase, and an alert would sleep through it.
 */
export function counterOf<L extends string>(
  registry: Registry,
  {
    name,
    help,
    labelNames,
    known = [],
  }: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly L[];
    readonly known?: readonly Record<L, string>[];
  },
): Counter<L> {
  const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
  for (const labels of known) counter.inc(labels, 0);
  return counter;
}
