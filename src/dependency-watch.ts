import type { Health } from './health';
import type { Metrics } from './observability/metrics';

/** Milliseconds between two looks: none is made by a scrape, which must not wait for what is away. */
const LOOK_MS = 15_000;

/** Begins to look whether what the service depends on is up, and tells the metrics; once at once. Returns what ends it. */
export function startDependencyWatch(health: Pick<Health, 'report'>, metrics: Metrics): () => void {
  const look = async () => {
    const { checks } = await health.report();
    for (const [name, state] of Object.entries(checks)) metrics.dependencies.setUp(name, state === 'up');
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
