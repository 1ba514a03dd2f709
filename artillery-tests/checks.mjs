// Holds what Artillery saw, what the answers say, what the service counted and the formula against each other.
import { boundsOf, breachesOf } from './bounds.mjs';
import { usesOf } from './decisions.mjs';
import { growth } from './scrape.mjs';

const SHOWN_BREACHES = 5;

/** Artillery lost nothing, and nothing came that was not to come: lines `[holds, text]`. */
export function checkAnswers({ scenario, report, answers }) {
  const { counters } = report;
  const errors = Object.entries(counters).filter(
    ([name]) => name.startsWith('errors.') || name === 'vusers.failed',
  );
  const lost = errors.filter(([, count]) => count > 0);
  const sent = counters['http.requests'];
  const seen = [...Object.entries(countBy(answers, ({ status }) => `http.codes.${status}`))];
  const other = countBy(answers, answerOf);
  const unexpected = Object.entries(other).filter(([answer]) => !scenario.answers.includes(answer));
  return [
    [
      lost.length === 0 && sent === answers.length && seen.every(([code, count]) => counters[code] === count),
      `Artillery sent ${sent} requests and got ${counters['http.responses']} answers, ${lost.length === 0 ? 'no errors' : list(lost)}`,
    ],
    [
      unexpected.length === 0,
      `no answer but those expected${unexpected.length > 0 ? `: ${list(unexpected)}` : ''}`,
    ],
  ];
}

/** The policies in force are those that were set, and nothing was in shadow. */
export function checkPolicies({ scenario, policies }) {
  const wrong = Object.entries(scenario.settings)
    .filter(([setting]) => setting.startsWith('RATE_LIMIT_'))
    .filter(([setting, rate]) => {
      const name = setting.replace('RATE_LIMIT_', '').toLowerCase().replaceAll('_', '-');
      const inForce = policies.find((policy) => policy.name === name);
      return rate !== `${inForce?.capacity}/${inForce?.refillPerSecond}`;
    });
  const enforced = policies.every(({ mode }) => mode === 'enforce');
  return [[wrong.length === 0 && enforced, 'the limits in force are those that were set']];
}

/** What the answers say and what the service counted is the same, to the last request. */
export function checkMetrics({ scenario, answers, policies, before, after }) {
  const told = { allowed: {}, blocked: {} };
  for (const [policy, buckets] of usesOf(answers, policies)) {
    const outcomes = [...buckets.values()].flat().map(({ outcome }) => outcome);
    const blocked = outcomes.filter((outcome) => outcome === 'refused').length;
    if (blocked > 0) told.blocked[policy] = blocked;
    if (blocked < outcomes.length) told.allowed[policy] = outcomes.length - blocked;
  }
  const byPolicy = (counter) =>
    Object.fromEntries(
      Object.entries(growth(before, after, counter, 'policy')).filter(
        ([policy]) => !scenario.untold.includes(policy),
      ),
    );
  for (const policy of scenario.untold) {
    delete told.allowed[policy];
    delete told.blocked[policy];
  }
  const logins = answers.filter(
    // Refused by the global limit, or not well-formed, a login was none yet.
    ({ route, rateLimit }) => route === 'POST /api/v1/auth/login' && rateLimit?.includes('"login"'),
  );
  const successes = answers.filter(({ status, route, grants }) => status === 200 && grants && isLogin(route));
  const method = ({ route }) => (route.endsWith('/auth/login') ? 'password' : 'otp');
  const problems = answers.filter(({ code }) => code !== undefined);
  const pairs = [
    ['rate_limits_allowed', told.allowed, byPolicy('rate_limits_allowed')],
    ['rate_limits_blocked', told.blocked, byPolicy('rate_limits_blocked')],
    [
      'login_requests_total',
      countBy(logins, ({ code }) => code ?? 'success'),
      growth(before, after, 'login_requests_total', 'outcome'),
    ],
    ['auth_success_total', countBy(successes, method), growth(before, after, 'auth_success_total', 'method')],
    [
      'error_events_total',
      countBy(problems, ({ code }) => code),
      growth(before, after, 'error_events_total', 'code'),
    ],
  ];
  return pairs.map(([counter, byAnswers, byMetrics]) => {
    const [ours, theirs] = [byAnswers, byMetrics].map((counts) => list(Object.entries(counts).sort()));
    return [
      ours === theirs,
      ours === theirs
        ? `${counter}: answers and metrics agree: ${ours || 'nothing'}`
        : `${counter}: answers say ${ours}; metrics say ${theirs}`,
    ];
  });
}

/** Every bucket keeps to the formula in every stretch of time; those pressed throughout are known exactly. */
export function checkFormula({ scenario, answers, policies, before, after }) {
  const uses = usesOf(answers, policies);
  const lines = [];
  const table = [];
  let buckets = 0;
  const breaches = [];
  for (const policy of policies) {
    for (const [bucket, ofBucket] of uses.get(policy.name)) {
      buckets += 1;
      breaches.push(
        ...breachesOf(policy, ofBucket).map((breach) => `${policy.name} of ${bucket}: ${breach}`),
      );
    }
  }
  lines.push([
    breaches.length === 0,
    `${buckets} buckets of ${[...uses.values()].filter(({ size }) => size > 0).length} policies keep to the formula in every stretch of time${breaches
      .slice(0, SHOWN_BREACHES)
      .map((breach) => `; ${breach}`)
      .join('')}`,
  ]);
  for (const { policy: name, bucket } of scenario.pressed) {
    const policy = policies.find((one) => one.name === name);
    const all = [...uses.get(name)];
    const pressed = all.filter(([key]) => bucket(key));
    const rest = all.filter(([key]) => !bucket(key)).flatMap(([, ofBucket]) => ofBucket);
    const { admitted, returned, refused, least, most, seconds } = boundsOf(policy, pressed[0]?.[1] ?? []);
    // What the service counted for this policy, less what other buckets admitted and what this one got back.
    const counted =
      (growth(before, after, 'rate_limits_allowed', 'policy')[name] ?? 0) -
      rest.filter(({ outcome }) => outcome !== 'refused').length -
      returned;
    lines.push([
      pressed.length === 1 && refused > 0 && admitted >= least && admitted <= most && counted === admitted,
      `${name} ${policy.capacity}/${policy.refillPerSecond}: of ${admitted + refused} in ${seconds.toFixed(1)} s admitted ${admitted} by the answers and ${counted} by the metrics; the formula gives ${least === most ? most : `${least} to ${most}`}`,
    ]);
    table.push({
      policy: name,
      rate: `${policy.capacity}/${policy.refillPerSecond}`,
      asked: admitted + refused,
      seconds: Number(seconds.toFixed(1)),
      least,
      most,
      byAnswers: admitted,
      byMetrics: counted,
    });
  }
  return { lines, table };
}

/** `429 rate_limited` */
export function answerOf({ status, code }) {
  return code === undefined ? String(status) : `${status} ${code}`;
}

export function countBy(items, by) {
  const counts = {};
  for (const item of items) counts[by(item)] = (counts[by(item)] ?? 0) + 1;
  return counts;
}

function isLogin(route) {
  return route === 'POST /api/v1/auth/login' || route === 'POST /api/v1/otp/verify';
}

function list(entries) {
  return entries.map(([name, count]) => `${name} ${count}`).join(', ');
}
