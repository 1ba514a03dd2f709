/** A limit as it is set: `capacity` whole tokens, of which `refillPerSecond` come back each second. */
export interface Rate {
  readonly capacity: number;
  readonly refillPerSecond: number;
}

/** What the buckets of a policy are kept for. */
export type BucketKey = 'address' | 'e-mail and address' | 'e-mail' | 'user' | 'session';

/** Every limit there is, by the name of its setting without the prefix: `RATE_LIMIT_LOGIN_ACCOUNT` is `login-account`. */
export const POLICIES = {
  global: { rate: '300/50', shown: true, key: 'address', counts: 'requests per address' },
  login: { rate: '10/2', shown: true, key: 'address', counts: 'logins per address' },
  'login-account': {
    rate: '10/0.02',
    shown: true,
    key: 'e-mail and address',
    counts: 'failed logins per e-mail and address',
  },
  'login-account-all': {
    rate: '50/0.0005',
    shown: false,
    key: 'e-mail',
    counts: 'failed logins per e-mail over all addresses but the known ones',
  },
  reauth: { rate: '5/0.01', shown: true, key: 'user', counts: 'wrong passwords per signed-in user' },
  register: { rate: '10/0.1', shown: true, key: 'address', counts: 'registrations per address' },
  guest: { rate: '10/0.1', shown: true, key: 'address', counts: 'guest tokens per address' },
  'otp-request': {
    rate: '3/0.1',
    shown: true,
    key: 'e-mail and address',
    counts: 'code requests per address and e-mail',
  },
  'otp-request-address': {
    rate: '20/0.1',
    shown: true,
    key: 'address',
    counts: 'code requests per address',
  },
  'otp-verify': {
    rate: '10/0.2',
    shown: true,
    key: 'e-mail and address',
    counts: 'code checks per address and e-mail',
  },
  mail: {
    rate: '5/0.0005',
    shown: false,
    key: 'e-mail',
    counts: 'mails per recipient over all sources',
    beyond: 'the answer is the same, and no mail goes out',
  },
  refresh: { rate: '30/1', shown: true, key: 'session', counts: 'refreshes per session' },
} as const satisfies Record<
  string,
  { rate: string; shown: boolean; key: BucketKey; counts: string; beyond?: string }
>;

export type PolicyName = keyof typeof POLICIES;

export const POLICY_NAMES = Object.keys(POLICIES) as PolicyName[];

/** The most tokens that a limit can be of, by setting and at run time. */
export const MAX_CAPACITY = 1_000_000;

/** The fewest and the most tokens a second that a limit can gain. */
export const REFILL = { least: 1e-9, most: 1_000_000 } as const;

/** `login-account` → `RATE_LIMIT_LOGIN_ACCOUNT`. */
export function settingOf(policy: PolicyName): string {
  return `RATE_LIMIT_${policy.toUpperCase().replaceAll('-', '_')}`;
}

/** Reads `capacity/refill per second`, as `10/0.02`; undefined if it is not that. */
export function parseRate(text: string): Rate | undefined {
  const match = /^(\d{1,7})\/(\d{1,7}(?:\.\d{1,9})?)$/.exec(text);
  const capacity = Number(match?.[1]);
  const refillPerSecond = Number(match?.[2]);
  return capacity >= 1 &&
    capacity <= MAX_CAPACITY &&
    refillPerSecond >= REFILL.least &&
    refillPerSecond <= REFILL.most
    ? { capacity, refillPerSecond }
    : undefined;
}
