import type { ClockDifference } from '../../stores/clock-difference';
import { type Check, fail, judge, notApplicable, type Outcome, pass, warn } from '../check';

const OLDEST = 15;
const NEWEST = 18;
/** Milliseconds: codes live for minutes, so seconds begin to matter. */
const NOTABLE_MS = 1_000;
const WRONG_MS = 5_000;

/** What a difference of clocks amounts to, the doubt given to the clock. */
export function clockOutcome({ aheadMs, uncertaintyMs }: ClockDifference): Outcome {
  const evidence = `${Math.round(aheadMs)} ms ahead of ours, ± ${Math.ceil(uncertaintyMs)} ms`;
  const least = Math.max(0, Math.abs(aheadMs) - uncertaintyMs);
  if (least > WRONG_MS) return fail(evidence);
  return least > NOTABLE_MS ? warn(evidence) : pass(evidence);
}

export const databaseChecks: readonly Check[] = [
  {
    id: 'TG-7',
    level: null,
    must: true,
    title: `PostgreSQL answers, and is one of ${OLDEST} to ${NEWEST}`,
    run({ database }) {
      if (!database.seen) return fail(database.reason);
      const { majorVersion } = database.value;
      if (majorVersion < OLDEST) return fail(`it is ${majorVersion}`);
      return majorVersion > NEWEST
        ? warn(`it is ${majorVersion}, which is untried`)
        : pass(`it is ${majorVersion}`);
    },
  },
  {
    id: 'V13.2.2',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'The role in PostgreSQL has no power beyond its own tables',
    run({ database, filled }) {
      if (filled.has('DATABASE_URL')) return notApplicable('embedded: the role owns the server');
      return judge(database, ({ powers }) =>
        powers.length === 0 ? pass('none') : fail(`it has ${powers.join(', ')}`),
      );
    },
  },
  {
    id: 'TG-8',
    level: null,
    must: true,
    title: 'Migrations are applied, and are as they were',
    run({ migrations }) {
      return judge(migrations, ({ failed, edited, unknown, pending }) => {
        if (failed.length > 0) return fail(`left half done: ${failed.join(', ')}`);
        if (edited.length > 0) return fail(`changed after they were applied: ${edited.join(', ')}`);
        if (unknown.length > 0 && pending.length > 0) {
          return fail(`another line of versions: ${unknown.join(', ')} there, ${pending.join(', ')} here`);
        }
        if (pending.length > 0) return warn(`the next start applies ${pending.join(', ')}`);
        return unknown.length > 0
          ? warn(`the database is of a newer version: ${unknown.join(', ')}`)
          : pass('all, unchanged');
      });
    },
  },
  {
    id: 'TG-9',
    level: null,
    must: true,
    productionOnly: true,
    title: 'What PostgreSQL has committed survives a crash',
    run({ database }) {
      return judge(database, ({ undurable }) =>
        undurable.length === 0
          ? pass('it does')
          : fail(`${undurable.join(', ')} off: a revoked session may come back`),
      );
    },
  },
  {
    id: 'V16.2.2',
    level: 2,
    must: true,
    title: 'The clock of PostgreSQL agrees with ours',
    run: ({ database }) => judge(database, ({ clock }) => clockOutcome(clock)),
  },
];
