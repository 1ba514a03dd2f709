// What the answers say of each bucket: who let the request in, and who refused it.

/** Budgets of failures: the code that keeps the token; with any other answer it was given back. */
const KEPT_FOR = {
  'login-account': 'invalid_credentials',
  'login-account-all': 'invalid_credentials',
  reauth: 'invalid_credentials',
};

/**
 * The decisions that one answer tells of: `{policy, outcome}`, and how many tokens were `left` where that is shown. All limits of a request are taken in one
 * step: a refusal by one leaves the tokens of the others, and then nothing was decided on them, but for the global limit, which
 * costs its token regardless. Whether that one gave its last token or refused as well does not show; so the scenarios
 * press it by calls without limits of their own. `exempt`: the address is known to the account, and let in although the
 * hidden budget is spent.
 */
export function decisionsOf({ route, status, code, rateLimit, retryAfter, exempt }) {
  const kept = (policy) => (policy in KEPT_FOR && KEPT_FOR[policy] !== code ? 'returned' : 'kept');
  const admitted = (levels) =>
    levels.map(({ policy, remaining }) => ({ policy, outcome: kept(policy), left: remaining }));
  const refused = (levels) => levels.map(({ policy }) => ({ policy, outcome: 'refused' }));
  // Paths and methods that there are not have a bucket of their own in the process, and show none.
  if (rateLimit === undefined && (status === 404 || status === 405)) {
    return [{ policy: 'global', outcome: 'kept', apart: true }];
  }
  const shown = levelsOf(rateLimit);
  const global = shown.filter(({ policy }) => policy === 'global');
  const ofRoute = shown.filter(({ policy }) => policy !== 'global');
  const charged = route === 'POST /api/v1/auth/login' && ofRoute.length > 0;
  const hidden = charged ? [{ policy: 'login-account-all' }] : [];

  if (status !== 429) return [...admitted(shown), ...(exempt ? refused(hidden) : admitted(hidden))];
  const explains = (levels) =>
    levels.length > 0 && Math.max(1, ...levels.map(({ wait }) => wait)) === retryAfter;
  const [emptyGlobal, emptyOfRoute] = [global, ofRoute].map((levels) =>
    levels.filter(({ remaining }) => remaining === 0),
  );
  if (explains(emptyOfRoute)) return [...admitted(global), ...refused(emptyOfRoute)];
  if (explains(emptyGlobal)) return refused(emptyGlobal);
  // None that is shown explains the wait. Where the hidden budget alone refuses, the others are charged all the same.
  return [...admitted(shown), ...refused(hidden)];
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
    for (const { policy, outcome, left, apart } of decisionsOf(answer)) {
      const buckets = uses.get(policy);
      const { key, capacity } = policies.find(({ name }) => name === policy);
      const whose = bucketOf(key, answer);
      const bucket = apart ? `${whose} apart` : whose;
      if (!buckets.has(bucket)) buckets.set(bucket, []);
      const foundFull = outcome === 'kept' && left === capacity - 1;
      buckets.get(bucket).push({ sent: answer.sent, received: answer.received, outcome, foundFull });
    }
  }
  return uses;
}
