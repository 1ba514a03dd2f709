// How many requests a bucket may admit, and must: capacity + floor(refill x time).
//
// The service decides at an instant that no client sees; it lies between the first byte sent and the last byte received
// (both by the monotonic clock of this machine, in milliseconds). So time is never guessed, and no slack is added to it:
// where more time allows more, the longest is taken that can have passed between two decisions, where less time
// demands less, the shortest.
//
// A use of a bucket is {sent, received, outcome, foundFull}: `kept` (admitted, and the token is gone), `returned` (admitted, and
// the token given back before the answer, as budgets of failures do on success) or `refused`; `foundFull` if it took the
// first token of a full bucket.

/**
 * The bounds over all uses of a bucket that was full at first, and from the last time that it was found full has been asked for more
 * than it refills. `most`: what the formula allows until the last admission can have been decided. `least`: at the last
 * refusal less than one token was left, so all that had come in since it was full had been given out.
 */
export function boundsOf(rate, uses) {
  const admitted = uses.filter(({ outcome }) => outcome !== 'refused');
  const refused = uses.filter(({ outcome }) => outcome === 'refused');
  const kept = uses.filter(({ outcome }) => outcome === 'kept');
  const first = { sent: earliest(uses, 'sent'), received: earliest(uses, 'received') };
  const full = kept.filter(({ foundFull }) => foundFull).sort((a, b) => b.sent - a.sent)[0] ?? first;
  const surelyBefore = kept.filter(({ received }) => received < full.sent).length;
  const perhapsBefore = kept.filter((use) => use !== full && use.sent < full.received).length;
  const mostFrom = ({ sent }) => rate.capacity + gained(rate, latest(admitted, 'received') - sent);
  return {
    admitted: kept.length,
    returned: admitted.length - kept.length,
    refused: refused.length,
    least:
      refused.length === 0
        ? 0
        : surelyBefore + rate.capacity + gained(rate, latest(refused, 'sent') - full.received),
    most: Math.min(mostFrom(first), perhapsBefore + mostFrom(full)),
    seconds: (latest(uses, 'received') - first.sent) / 1000,
  };
}

/**
 * What contradicts the formula in any stretch of time, whatever the bucket held before and however often it became full
 * again: from one use to another more kept than `capacity + floor(refill x time)`, or a refusal although in no stretch
 * that ends with it as many were admitted. Lines for people; none if all is well.
 */
export function breachesOf(rate, uses) {
  const admitted = uses.filter(({ outcome }) => outcome !== 'refused');
  return [...overAdmission(rate, admitted), ...needlessRefusals(rate, admitted, uses)];
}

function overAdmission(rate, admitted) {
  const kept = admitted.filter(({ outcome }) => outcome === 'kept').sort((a, b) => a.received - b.received);
  for (const { sent } of kept) {
    let count = 0;
    for (const use of kept) {
      if (use.sent < sent) continue; // perhaps decided before
      count += 1;
      const allowed = rate.capacity + gained(rate, use.received - sent);
      if (count > allowed)
        return [`${count} admitted in ${((use.received - sent) / 1000).toFixed(3)} s, allowed ${allowed}`];
    }
  }
  return [];
}

function needlessRefusals(rate, admitted, uses) {
  const refused = uses.filter(({ outcome }) => outcome === 'refused');
  const needless = refused.filter((refusal) => {
    // What can have been out when it was decided: kept tokens, and such as were given back at that time or later.
    const out = admitted.filter(
      ({ outcome, sent, received }) =>
        sent <= refusal.received && (outcome === 'kept' || received >= refusal.sent),
    );
    return !out.some((first) => {
      const since = out.filter(({ received }) => received >= first.sent).length;
      return since >= rate.capacity + gained(rate, refusal.sent - first.received);
    });
  });
  return needless.length === 0
    ? []
    : [`${needless.length} of ${refused.length} refused while tokens were left`];
}

/** Whole tokens that come in within so many milliseconds. A billionth is what the service's own doubles may lose. */
function gained({ refillPerSecond }, ms) {
  return Math.floor((refillPerSecond * Math.max(0, ms)) / 1000 + 1e-9);
}

function earliest(uses, instant) {
  return uses.reduce((found, use) => Math.min(found, use[instant]), Number.POSITIVE_INFINITY);
}

function latest(uses, instant) {
  return uses.reduce((found, use) => Math.max(found, use[instant]), Number.NEGATIVE_INFINITY);
}
