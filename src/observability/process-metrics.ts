import { type Aggregator, collectDefaultMetrics, type Metric, type Registry } from 'prom-client';

/**
 * How several workers' values become one where prom-client averages them, which hides the one that is late, or leaves them
 * out. The worst of each; and of the starts the last, so that a worker that restarts again and again shows.
 */
const WORST: readonly string[] = [
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'process_start_time_seconds',
];

/** What every Node service tells of its process. */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of WORST) {
    // Read at each scrape, and set by no option of collectDefaultMetrics.
    const metric = registry.getSingleMetric(name) as (Metric & { aggregator: Aggregator }) | undefined;
    if (metric !== undefined) metric.aggregator = 'max';
  }
}
