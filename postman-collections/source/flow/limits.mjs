// Limits: shown, met, explained, released, changed while the service runs and set back.
import { newAddress } from '../scripts.mjs';
import { makeRoom, OTHER_PASSWORD, refusal, step } from './steps.mjs';

const as = 'adminToken';
/** Met by the second call, and by itself over in 10 s. */
const TIGHT = { capacity: 1, refillPerSecond: 0.1 };
const SETTING = { capacity: null, refillPerSecond: null, mode: null };

const change = (policy, body, name) =>
  step('changeLimit', name, { as, params: { policy }, body: { replaced: body } });
const tighten = (policy) => change(policy, TIGHT, `tighten ${policy}`);
const setBack = (policy) => change(policy, SETTING, `set ${policy} back`);
const over = (operation, name, more) => refusal(operation, name, 429, 'rate_limited', more);

/** Tightens one limit, meets it, and sets it back: `first` is what the first call ends in. */
const met = (policy, operation, { first, before, ...more }) => [
  tighten(policy),
  makeRoom(`limits, ${policy}`),
  first === undefined
    ? step(operation, `${operation} within ${policy}`, { before, ...more })
    : refusal(operation, `${operation} within ${policy}`, ...first, { before, ...more }),
  over(operation, `${operation} over ${policy}`, more),
  setBack(policy),
];

const nobody = newAddress('nobodyEmail', 'nobody');
const email = '{{nobodyEmail}}';

export const limits = [
  makeRoom('limits'),
  step('showLimits', 'show the limits in force', {
    as,
    tests: [
      `pm.test('none is in shadow', () => {`,
      `  const { policies } = pm.response.json();`,
      `  pm.expect(policies).to.not.be.empty;`,
      `  for (const { mode } of policies) pm.expect(mode).to.equal('enforce');`,
      `});`,
    ],
  }),

  // One limit from end to end.
  change('guest', TIGHT, 'leave one guest token'),
  makeRoom('limits, guest'),
  step('guest', 'take it'),
  over('guest', 'ask for one more', {
    tests: [
      `pm.test('names the limit', () => {`,
      `  pm.expect(pm.response.headers.get('RateLimit-Policy')).to.include('"guest";q=1;w=10');`,
      `  pm.expect(pm.response.headers.get('X-RateLimit-Remaining')).to.equal('0');`,
      `});`,
    ],
  }),
  step('explainLimits', 'explain why', {
    as,
    query: { address: '{{ownAddress}}' },
    tests: [
      `pm.test('says since when and until when', () => {`,
      `  const bucket = pm.response.json().buckets.find(({ policy }) => policy === 'guest');`,
      `  pm.expect(bucket).to.include({ remaining: 0, capacity: 1 });`,
      `  pm.expect(bucket.blockedSince).to.be.a('string');`,
      `  pm.expect(bucket.opensAt).to.be.a('string');`,
      `});`,
    ],
  }),
  step('releaseLimits', 'release this address', { as, body: { replaced: { address: '{{ownAddress}}' } } }),
  step('guest', 'get another guest token'),
  change('guest', { mode: 'shadow', ttl: 60 }, 'only watch the limit for a minute'),
  step('guest', 'the limit in shadow blocks nobody'),
  change('guest', SETTING, 'set guest back'),
  step('showLimits', 'show that the setting is in force again', {
    as,
    tests: [
      `pm.test('guest is enforced, and wider than one', () => {`,
      `  const guest = pm.response.json().policies.find(({ name }) => name === 'guest');`,
      `  pm.expect(guest.mode).to.equal('enforce');`,
      `  pm.expect(guest.capacity).to.be.above(1);`,
      `});`,
    ],
  }),

  // Each of the others that refuses calls, but for the global one: it would refuse the admin too.
  ...met('register', 'register', {
    before: newAddress('limitedEmail', 'limited'),
    body: { email: '{{limitedEmail}}' },
  }),
  ...met('login', 'login', { first: [401, 'invalid_credentials'], before: nobody, body: { email } }),
  ...met('login-account', 'login', { first: [401, 'invalid_credentials'], before: nobody, body: { email } }),
  ...met('login-account-all', 'login', {
    first: [401, 'invalid_credentials'],
    before: nobody,
    body: { email },
  }),
  ...met('otp-request', 'requestOtp', { before: nobody, body: { email } }),
  ...met('otp-request-address', 'requestOtp', { before: nobody, body: { email } }),
  ...met('otp-verify', 'verifyOtp', { first: [400, 'invalid_otp'], before: nobody, body: { email } }),
  ...met('reauth', 'reauthenticate', {
    first: [403, 'invalid_credentials'],
    as: 'userToken',
    body: { password: OTHER_PASSWORD },
  }),
  step('releaseLimits', 'release that user at this address', {
    as,
    body: { address: '{{ownAddress}}', email: '{{userEmail}}' },
  }),
  step('reauthenticate', 'the user may try again', { as: 'userToken' }),
  ...met('refresh', 'refresh', { body: { refreshToken: '{{userRefreshToken}}' } }),
  makeRoom('limits, at the end'),
];
