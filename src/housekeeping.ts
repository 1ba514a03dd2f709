import type { Logger } from './observability/logger';
import type { HousekeepingStore } from './stores/housekeeping/housekeeping-store';

const HOUR_MS = 60 * 60_000;

/** Begins hourly housekeeping, its first round at once. Returns what ends it. */
export function startHousekeeping(store: HousekeepingStore, logger: Logger): () => void {
  const round = () =>
    store.removeExpired().then(
      (removed) => removed !== undefined && logger.info({ removed }, 'housekeeping done'),
      (err: unknown) => logger.warn({ err }, 'housekeeping failed; the next round tries again'),
    );
  void round();
  const timer = setInterval(round, HOUR_MS);
  timer.unref();
  return () => clearInterval(timer);
}
