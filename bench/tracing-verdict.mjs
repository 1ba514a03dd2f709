/** The most that a request may cost with tracing off, as a share of what it costs without tracing. */
const MOST = 1.03;
/** A 95 % interval wider than this says nothing of one or two per cent. */
const WIDEST = 0.05;

/**
 * What a ratio with its 95 % interval shows: that it is within the bound, that it is not, or nothing. Passed is only what is
 * shown, so that a noisy machine proves nothing right.
 */
export function verdictOf({ low, high }) {
  const interval = `${low.toFixed(3)} to ${high.toFixed(3)}`;
  if (low > MOST) return { passed: false, text: `costs more than ${MOST} x: ${interval}` };
  if (!(high - low <= WIDEST)) {
    return {
      passed: false,
      text: `cannot be told: ${interval} is wider than ${WIDEST}; take more LAUNCHES, or a machine with less else to do`,
    };
  }
  if (!(high <= MOST)) return { passed: false, text: `may cost more than ${MOST} x: ${interval}` };
  return { passed: true, text: `costs at most ${MOST} x: ${interval}` };
}
