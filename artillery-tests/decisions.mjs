// What the answers say of each bucket: who let the request in, and who refused it.

/** Budgets of failures: the code that keeps the token; with any other answer it was given back. */
const KEPT_FOR = {
  'login-account': 'invalid_credentials',
  'login-account-all': 'invalid_credentials',
  reauth: 'invalid_credentials',
};

/**
 * The decisions that one answer tells of: `{policy, outcome}`, for `boundsOf`. Where a take was refused, the buckets of the same take
 * that had tokens gave none, so nothing was decided on them. `knownAddress`: this account has logged in from there
 * before, which spares it the hidden budget.
 */
export function decisionsOf({ route, status, code, rateLimit, retryAfter, knownAddress }) {
  const shown = levelsOf(rateLimit);
  const outcome = (policy) => (policy in KEPT_FOR && KEPT_FOR[policy] !== code ? 'returned' : 'kept');
  const admitted = (levels) => levels.map(({ policy }) => ({ policy, outcome: outcome(policy) }));
  const hidden = route === 'POST /api/v1/auth/login' && !knownAddress ? 'login-account-all' : undefined;

  // The global limit is a take of its own, before the route's: where more is shown, it let the request through.
  const global = shown.filter(({ policy }) => policy === 'global');
  const ofRoute = shown.filter(({ policy }) => policy !== 'global');
  const asked = ofRoute.length > 0 ? ofRoute : global;
  if (status === 429) {
    const empty = asked.filter(({ remaining }) => remaining === 0);
    // The last token that this request itself has taken leaves nothing too; but then the wait is the hidden budget's.
    if (empty.length > 0 && Math.max(1, ...empty.map(({ wait }) => wait)) === retryAfter) {
      const refused = empty.map(({ policy }) => ({ policy, outcome: 'refused' }));
      return ofRoute.length > 0 ? [...admitted(global), ...refused] : refused;
    }
    return [...admitted(shown), ...(hidden ? [{ policy: hidden, outcome: 'refused' }] : [])];
  }
  const reached = hidden !== undefined && ofRoute.length > 0;
  return [...admitted(shown), ...(reached ? [{ policy: hidden, outcome: outcome(hidden) }] : [])];
}

/** `"global";r=299;t=1, "login";r=9;t=1` */
function levelsOf(header) {
  const items = (header ?? '').matchAll(/"([a-z-]+)";r=(\d+);t=(\d+)/g);
  return [...items].map(([, policy, remaining, wait]) => ({
    policy,
    remaining: Number(remaining),
    wait: Number(wait),
  }));
}

/** Which of its buckets a policy charges for this answer; `key` as `GET /admin/limits` tells it. */
export function bucketOf(key, { address, email, session }) {
  const parts = {
    address: [address],
    'e-mail and address': [email, address],
    'e-mail': [email],
    user: [email],
    session: [session],
  }[key];
  if (parts === undefined) throw new Error(`no answer tells the bucket of a limit kept per ${key}`);
  return parts.join(' ');
}

/** The uses of every bucket: `Map` of policy → `Map` of bucket → uses. */
export function usesOf(answers, policies) {
  const uses = new Map(policies.map(({ name }) => [name, new Map()]));
  for (const answer of answers) {
    for (const { policy, outcome } of decisionsOf(answer)) {
      const buckets = uses.get(policy);
      const bucket = bucketOf(policies.find(({ name }) => name === policy).key, answer);
      if (!buckets.has(bucket)) buckets.set(bucket, []);
      buckets.get(bucket).push({ sent: answer.sent, received: answer.received, outcome });
    }
  }
  return uses;
}
