/** What stores wait for a dependency at most, in milliseconds. */
const STORE_BOUND_MS = 800;

/**
 * A call's answer, and the milliseconds that it took, less those by which this machine, busy with other tests, was late with a
 * timer as long as the stores' own.
 */
export async function timeOf<T>(
  call: () => Promise<T>,
): Promise<{ readonly answer: T; readonly ms: number }> {
  const start = performance.now();
  let late = 0;
  const timer = setTimeout(() => {
    late = performance.now() - start - STORE_BOUND_MS;
  }, STORE_BOUND_MS);
  try {
    const answer = await call();
    return { answer, ms: performance.now() - start - late };
  } finally {
    clearTimeout(timer);
  }
}
