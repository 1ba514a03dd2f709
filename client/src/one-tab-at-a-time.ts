/** Milliseconds to wait for another tab, which may be frozen. */
const WAIT_MS = 10_000;

/** The part of the Web Locks API that is used here. */
interface Locks {
  request<T>(name: string, options: { signal: AbortSignal }, work: () => Promise<T>): Promise<T>;
}

/**
 * Does the work while no other tab of this origin does work of this name, where there are Web Locks (in Node no other
 * client of the process). It goes on
 * without the lock if that does not come in time: the service forgives two refreshes at once.
 */
export async function oneTabAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const { locks } = (globalThis as { navigator?: { locks?: Locks } }).navigator ?? {};
  if (locks === undefined) return work();
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(WAIT_MS) }, begin);
  } catch (error) {
    if (begun) throw error;
    return work();
  }
}
