import { type Check, fail, type Outcome, warn } from './check';
import type { Facts } from './facts';

export type Result = Omit<Check, 'run' | 'productionOnly'> & Outcome;

/** The outcome of each check. In development a failure that only production forbids is a warning that says so. */
export function runChecks(checks: readonly Check[], facts: Facts): readonly Result[] {
  return checks.map(({ run, productionOnly, ...check }) => {
    const judged = outcomeOf(run, facts);
    const outcome = { ...judged, evidence: printable(judged.evidence) };
    const excused = productionOnly === true && !facts.production && outcome.verdict === 'fail';
    return { ...check, ...(excused ? warn(`${outcome.evidence} (in production: fail)`) : outcome) };
  });
}

/** A check that breaks has not found things in order; what it throws might show a setting. */
function outcomeOf(run: Check['run'], facts: Facts): Outcome {
  try {
    return run(facts);
  } catch (error) {
    return fail(`the check itself broke (${error instanceof Error ? error.name : typeof error})`);
  }
}

const LONGEST = 400;

/** Some evidence is a name that a server gave: it must not move the cursor of whoever reads it. */
export function printable(text: string): string {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}
