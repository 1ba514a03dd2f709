const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/**
 * Milliseconds to wait after the `attempt`-th try: 1 s, 2 s, 4 s … 60 s, each up to a fifth less or more so that mails
 * that failed together do not come back together. `random`: 0 to 1.
 */
export function retryDelay(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(base * (0.8 + 0.4 * random()));
}
