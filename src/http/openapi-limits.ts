import { POLICIES, type PolicyName, parseRate, settingOf } from '../limits/policies';
import type { AnyEndpoint } from './endpoint';
import type { Json } from './openapi-components';

/** Every limit that a call is charged to, in the order of the charges. */
export function policiesOf(endpoint: AnyEndpoint<never>, limited: boolean): readonly PolicyName[] {
  return limited ? ['global', ...(endpoint.limits ?? []).map(({ policy }) => policy)] : [];
}

/** The limits in words, as they are without a setting. */
export function limitsText(policies: readonly PolicyName[]): string {
  if (policies.length === 0) return 'No limit.';
  const lines = policies.map((policy) => {
    const { counts, ...more } = POLICIES[policy];
    const { capacity, refillPerSecond } = defaultRate(policy);
    const refill =
      refillPerSecond > 1 ? `${refillPerSecond} back a second` : `one back every ${every(refillPerSecond)} s`;
    const beyond = 'beyond' in more ? `; beyond that ${more.beyond}` : '';
    return `- \`${policy}\`: ${capacity} ${counts}, ${refill}${beyond}`;
  });
  return `Limits, where no setting says otherwise:\n\n${lines.join('\n')}`;
}

/** The same for programs. */
export function limitsMember(policies: readonly PolicyName[]): Json {
  return {
    'x-rate-limits': policies.map((policy) => ({
      policy,
      key: POLICIES[policy].key,
      ...defaultRate(policy),
      setting: settingOf(policy),
    })),
  };
}

function defaultRate(policy: PolicyName) {
  const rate = parseRate(POLICIES[policy].rate);
  if (rate === undefined) throw new RangeError(`the rate of ${policy} is none`);
  return rate;
}

const every = (refillPerSecond: number) => Number((1 / refillPerSecond).toFixed(1));
