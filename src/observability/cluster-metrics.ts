import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { AggregatorRegistry, type Registry } from 'prom-client';

/** Milliseconds a worker waits for the sum of all; prom-client itself gives up on a worker after 5 s. */
const ANSWER_MS = 6_000;

interface Ask {
  readonly ask: 'metrics';
  readonly id: string;
}

interface Told {
  readonly told: 'metrics';
  readonly id: string;
  /** Undefined if the workers did not all answer in time. */
  readonly text?: string;
}

/** In the primary process: sums up the metrics of all workers for any worker that asks. */
export function serveClusterMetrics(): void {
  const aggregator = new AggregatorRegistry();
  cluster.on('message', (worker: Worker, message: Ask | undefined) => {
    if (message?.ask !== 'metrics') return;
    const { id } = message;
    const tell = (told: Told) => worker.isConnected() && worker.send(told);
    aggregator.clusterMetrics().then(
      (text) => tell({ told: 'metrics', id, text }),
      () => tell({ told: 'metrics', id }),
    );
  });
}

/**
 * The text of a scrape: of this process where it is alone, of all workers where it is one of several, so that a scrape
 * tells the same whichever worker it meets.
 */
export function scrapeOf(registry: Registry): () => Promise<string> {
  if (!cluster.isWorker) return () => registry.metrics();
  AggregatorRegistry.setRegistries(registry);
  // Makes this worker answer the primary.
  new AggregatorRegistry();
  return () =>
    new Promise((resolve, reject) => {
      const id = randomUUID();
      const done = (settle: () => void) => {
        clearTimeout(timer);
        process.off('message', listen);
        settle();
      };
      const fail = () => reject(new Error('the workers did not all give their metrics in time'));
      const listen = (message: Told | undefined) => {
        if (message?.told !== 'metrics' || message.id !== id) return;
        const { text } = message;
        done(() => (text === undefined ? fail() : resolve(text)));
      };
      const timer = setTimeout(() => done(fail), ANSWER_MS);
      process.on('message', listen);
      process.send?.({ ask: 'metrics', id } satisfies Ask);
    });
}
