import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as commonDictionary } from '@zxcvbn-ts/language-common';
import { dictionary as englishDictionary } from '@zxcvbn-ts/language-en';

/**
 * Code points looked at in one go. The estimate's time grows much faster than its input (128 code points made of
 * letter substitutes take 1.2 s with the library's defaults), and it runs on the main thread.
 */
const STRETCH = 32;
/** Readings of substitutes (`p4$$w0rd`) tried per stretch; the library's 100 cost ten times as much. */
const MAX_SUBSTITUTIONS = 2;
/** From this score on (100 million guesses) a password counts as hard enough to guess. */
const ENOUGH = 3;

/** The passwords most often seen in leaks, in lower case. */
export const COMMON_PASSWORDS: readonly string[] = commonDictionary['passwords-common'];

/** Estimates how hard a password is to guess. Takes about 0.1 s to make, so make one per process. */
export class PasswordStrength {
  readonly #estimator = new ZxcvbnFactory({
    dictionary: {
      passwords: commonDictionary['passwords-common'],
      commonWords: englishDictionary['commonWords-en'],
    },
    graphs: adjacencyGraphs,
    maxLength: 2 * STRETCH,
    l33tMaxSubstitutions: MAX_SUBSTITUTIONS,
  });

  /**
   * True unless the first or the last stretch of the password is hard to guess: a whole is no weaker than its strongest
   * part. `ownWords` are what an attacker of this very account tries first.
   */
  isEasy(password: string, ownWords: readonly string[]): boolean {
    const codePoints = [...password];
    const stretches = [codePoints.slice(0, STRETCH)];
    if (codePoints.length > STRETCH) stretches.push(codePoints.slice(-STRETCH));
    return stretches.every((stretch) => this.#score(stretch.join(''), ownWords) < ENOUGH);
  }

  #score(stretch: string, ownWords: readonly string[]): number {
    // Both are members of every object, and the library keeps its lists in plain objects: it would count them as NaN.
    const readable = stretch.replaceAll(/constructor|__proto__/gi, '');
    return this.#estimator.check(readable, [...ownWords]).score;
  }
}
