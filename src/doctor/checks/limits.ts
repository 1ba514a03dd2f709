import {
  POLICIES,
  POLICY_NAMES,
  type PolicyName,
  parseRate,
  type Rate,
  settingOf,
} from '../../limits/policies';
import { type Check, fail, type Outcome, pass, warn, worst } from '../check';
import type { Facts } from '../facts';

const DAY = 86_400;

/** How many of any number of tries on one day can pass. */
const perDay = ({ capacity, refillPerSecond }: Rate): number => capacity + Math.floor(refillPerSecond * DAY);

function guesses(policy: PolicyName, most: { advised: number; absurd: number }, { config }: Facts): Outcome {
  const passing = perDay(config.rates[policy]);
  const evidence = `${settingOf(policy)} lets ${passing} a day pass`;
  if (passing > most.absurd) return fail(`${evidence}, which is next to no limit`);
  return passing > most.advised ? warn(`${evidence}; ${most.advised} are advised at most`) : pass(evidence);
}

/** Beside its default, which was weighed. */
function plausible(policy: PolicyName, { config }: Facts): Outcome {
  const standard = parseRate(POLICIES[policy].rate);
  if (standard === undefined) throw new RangeError(`the default of ${policy} is not a rate`);
  const set = config.rates[policy];
  const ratio = Math.max(set.capacity / standard.capacity, set.refillPerSecond / standard.refillPerSecond);
  const evidence = `${settingOf(policy)} is ${set.capacity}/${set.refillPerSecond}`;
  if (ratio > 100) return fail(`${evidence}, over 100 times the default`);
  if (ratio > 10) return warn(`${evidence}, over 10 times the default`);
  const least = Math.min(set.capacity / standard.capacity, set.refillPerSecond / standard.refillPerSecond);
  return least < 1 / 20 ? warn(`${evidence}, so tight that it keeps honest users out`) : pass(evidence);
}

export const limitChecks: readonly Check[] = [
  {
    id: 'V6.3.1',
    level: 1,
    must: true,
    title: 'Strangers have few guesses at one account’s password',
    run(facts) {
      return worst(
        [
          guesses('login-account-all', { advised: 100, absurd: 1_000 }, facts),
          guesses('reauth', { advised: 1_000, absurd: 10_000 }, facts),
        ],
        fail('no limits'),
      );
    },
  },
  {
    id: 'V6.6.3',
    level: 2,
    must: true,
    title: 'Codes from mails cannot be tried at will',
    run: (facts) => guesses('otp-verify', { advised: 20_000, absurd: 200_000 }, facts),
  },
  {
    id: 'V2.4.1',
    level: 2,
    must: false,
    title: 'Every limit is within reason',
    run(facts) {
      const outcomes = POLICY_NAMES.map((policy) => plausible(policy, facts));
      const odd = outcomes.filter(({ verdict }) => verdict !== 'pass');
      return worst(odd, pass(`${POLICY_NAMES.length} limits, near their defaults`));
    },
  },
];
