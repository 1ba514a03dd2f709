import type { Facts, Seen } from './facts';

export type Verdict = 'pass' | 'fail' | 'warn' | 'not applicable' | 'not checked';

export interface Outcome {
  readonly verdict: Verdict;
  /** What was seen, in a few words. Never a secret, an e-mail or any text that a server or library wrote. */
  readonly evidence: string;
}

/** One thing that the doctor looks at. */
export interface Check {
  /** A requirement of OWASP ASVS 5.0.0 (`V…`), or, where that has none for it, one of our own (`TG-…`). */
  readonly id: string;
  /** The lowest level of the ASVS that asks for it; null for our own. */
  readonly level: 1 | 2 | 3 | null;
  /** A failure makes the doctor end with code 1. */
  readonly must: boolean;
  readonly title: string;
  /** Asked of production: elsewhere what would fail is a warning. */
  readonly productionOnly?: boolean;
  /** Judges what was seen; asks nobody itself. */
  run(facts: Facts): Outcome;
}

export const pass = (evidence: string): Outcome => ({ verdict: 'pass', evidence });
export const warn = (evidence: string): Outcome => ({ verdict: 'warn', evidence });
export const fail = (evidence: string): Outcome => ({ verdict: 'fail', evidence });
export const notApplicable = (evidence: string): Outcome => ({ verdict: 'not applicable', evidence });
export const notChecked = (evidence: string): Outcome => ({ verdict: 'not checked', evidence });

/** Judges what was seen; what could not be seen is not checked. */
export function judge<T>(seen: Seen<T>, judgement: (value: T) => Outcome): Outcome {
  return seen.seen ? judgement(seen.value) : notChecked(seen.reason);
}

/** The worst of several outcomes, with the evidence of all that are as bad; `otherwise` if there are none. */
export function worst(outcomes: readonly Outcome[], otherwise: Outcome): Outcome {
  for (const verdict of ['fail', 'warn', 'not checked', 'pass', 'not applicable'] as const) {
    const such = outcomes.filter((outcome) => outcome.verdict === verdict);
    if (such.length > 0) return { verdict, evidence: such.map(({ evidence }) => evidence).join('; ') };
  }
  return otherwise;
}
