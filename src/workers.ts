import cluster, { type Worker } from 'node:cluster';
import { serveClusterMetrics } from './observability/cluster-metrics';
import type { Logger } from './observability/logger';

/** Milliseconds: before a worker that died is replaced, and for the workers to drain when told to stop. */
const REPLACE_MS = 1_000;
const STOP_MS = 15_000;

/** Runs `count` workers of this same program; one that dies is replaced. Resolves to what stops them all. */
export function startWorkers(count: number, logger: Logger): { stop(): Promise<void> } {
  let stopping = false;
  serveClusterMetrics();
  cluster.on('exit', (worker: Worker, code: number | null) => {
    if (stopping) return;
    logger.error({ worker: worker.id, code }, 'a worker ended; it is replaced');
    setTimeout(() => stopping || cluster.fork(), REPLACE_MS);
  });
  for (let started = 0; started < count; started++) cluster.fork();
  return {
    stop: async () => {
      stopping = true;
      await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && stopWorker(worker)));
    },
  };
}

async function stopWorker(worker: Worker): Promise<void> {
  const kill = setTimeout(() => worker.process.kill('SIGKILL'), STOP_MS);
  await new Promise<void>((resolve) => {
    worker.once('exit', () => resolve());
    worker.process.kill('SIGTERM');
  });
  clearTimeout(kill);
}
