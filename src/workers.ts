import cluster, { type Worker } from 'node:cluster';
import { CannotStart } from './cannot-start';
import { serveClusterMetrics } from './observability/cluster-metrics';
import type { Logger } from './observability/logger';
import { STOP } from './process';

/** Milliseconds before a worker that died is replaced: doubled each time, until one has lived for the longest of them. */
const REPLACE_MS = 1_000;
const REPLACE_MOST_MS = 60_000;
/** Milliseconds for the workers to drain when told to stop: longer than each takes by itself. */
const STOP_MS = 15_000;

/**
 * Runs `count` workers of this same program; one that dies later is replaced. Resolves, once all serve, to what stops
 * them. Throws `CannotStart`, with all of them stopped, if one of the first ends before it serves.
 */
export async function startWorkers(count: number, logger: Logger): Promise<{ stop(): Promise<void> }> {
  let stopping = false;
  const run = async (pause: number): Promise<void> => {
    const worker = cluster.fork();
    await serving(worker);
    const since = performance.now();
    logger.info({ workerPid: worker.process.pid }, 'a worker serves');
    worker.once('exit', () => {
      replace(performance.now() - since > REPLACE_MOST_MS ? REPLACE_MS : pause);
    });
  };
  const replace = (pause: number): void => {
    if (stopping) return;
    logger.error({ pauseMs: pause }, 'a worker ended; it is replaced');
    const next = Math.min(2 * pause, REPLACE_MOST_MS);
    setTimeout(() => stopping || run(next).catch(() => replace(next)), pause);
  };
  const stop = async () => {
    stopping = true;
    await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => worker && stopWorker(worker)));
  };
  serveClusterMetrics();
  try {
    await Promise.all(Array.from({ length: count }, () => run(REPLACE_MS)));
  } catch (error) {
    await stop();
    throw error;
  }
  logger.info({ workers: count }, 'all workers serve');
  return { stop };
}

/** Throws `CannotStart` if the worker ends first; it has then said why itself. */
function serving(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('listening', () => resolve());
    worker.once('exit', () => reject(new CannotStart('A worker process could not start; all are stopped.')));
  });
}

/** Over the channel: a signal sent to the whole group has reached the worker already, and a second would cut it off. */
async function stopWorker(worker: Worker): Promise<void> {
  const kill = setTimeout(() => worker.process.kill('SIGKILL'), STOP_MS);
  await new Promise<void>((resolve) => {
    if (worker.isDead()) resolve();
    worker.once('exit', () => resolve());
    // One that is ending already has no channel any more.
    if (worker.isConnected()) worker.send(STOP, () => {});
  });
  clearTimeout(kill);
}
