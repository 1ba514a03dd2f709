import { type StateKind, stateKinds } from './test-app';

/** Does something so many times at the same time. */
export function atOnce<T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => act(index)));
}

/**
 * How many rounds of a race are run through HTTP: all over the store that production has, a tenth over the other (each
 * store by itself is raced in full by its contract suite).
 */
export function roundsOver(state: StateKind, rounds: number): number {
  return state === stateKinds.at(-1) ? rounds : rounds / 10;
}
