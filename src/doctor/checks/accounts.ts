import type { AccountCensus } from '../../stores/postgres/database-facts';
import { type Check, fail, judge, notChecked, type Outcome, pass, warn } from '../check';
import type { Facts } from '../facts';

function ofAccounts({ database }: Facts, judgement: (accounts: AccountCensus) => Outcome): Outcome {
  return judge(database, ({ accounts }) =>
    accounts === undefined
      ? notChecked('there are no tables yet: the first start makes them')
      : judgement(accounts),
  );
}

export const accountChecks: readonly Check[] = [
  {
    id: 'V6.3.2',
    level: 1,
    must: true,
    productionOnly: true,
    title: 'No admin has the e-mail that development makes up',
    run: (facts) =>
      ofAccounts(facts, ({ sampleAdmins }) =>
        sampleAdmins === 0 ? pass('none has') : fail(`${sampleAdmins} of the admins: at localhost.test`),
      ),
  },
  {
    id: 'V6.4.1',
    level: 1,
    must: false,
    productionOnly: true,
    title: 'The first admin’s password is not left in the settings',
    run(facts) {
      const left = facts.environment['ADMIN_PASSWORD'] !== undefined;
      if (!left) return pass('ADMIN_PASSWORD is not set');
      return ofAccounts(facts, ({ activeAdmins }) =>
        activeAdmins === 0
          ? pass('ADMIN_PASSWORD waits for the first start')
          : warn('ADMIN_PASSWORD is set although there is an admin: remove it, and change the password'),
      );
    },
  },
  {
    id: 'TG-6',
    level: null,
    must: false,
    title: 'At least one admin is active',
    run: (facts) =>
      ofAccounts(facts, ({ activeAdmins }) => {
        if (activeAdmins > 0) return pass(`${activeAdmins}`);
        return facts.config.admin === undefined
          ? fail('none, and ADMIN_EMAIL and ADMIN_PASSWORD name no first one')
          : warn('none; the next start makes the first if there never was one');
      }),
  },
];
