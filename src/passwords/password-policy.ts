import { COMMON_PASSWORDS, PasswordStrength } from './password-strength';

/** Most code points of a password, in its NFC form. */
export const MAX_PASSWORD_LENGTH = 128;

/** Own words shorter than this are no reason to refuse anything. */
const SHORTEST_OWN_WORD = 3;
/** Beside own words a password needs more than this: `tollgate 2024!` has only digits besides. */
const TRIVIAL_REST = { length: 8, otherThanDigits: 2 };

export interface PasswordPolicyOptions {
  /** Least number of code points, in the NFC form. */
  readonly minLength: number;
  readonly productName: string;
}

/** Whose password it is to become. */
export interface PasswordOwner {
  readonly email?: string;
  readonly username?: string;
}

/** What a new password has to be (after NIST SP 800-63B: length and guessing, no composition rule). */
export class PasswordPolicy {
  readonly #minLength: number;
  readonly #productName: string;
  readonly #common: ReadonlySet<string>;
  readonly #strength = new PasswordStrength();

  constructor({ minLength, productName }: PasswordPolicyOptions) {
    this.#minLength = minLength;
    this.#productName = productName;
    this.#common = new Set(COMMON_PASSWORDS.filter((common) => common.length >= minLength));
  }

  /** Returns why the password is refused, as the end of a sentence that begins with its name, or undefined. */
  check(password: string, owner: PasswordOwner = {}): string | undefined {
    if (!password.isWellFormed()) return 'must be well-formed Unicode';
    const normal = password.normalize('NFC');
    const length = [...normal].length;
    if (length < this.#minLength) return `must have at least ${this.#minLength} characters`;
    if (length > MAX_PASSWORD_LENGTH) return `must have at most ${MAX_PASSWORD_LENGTH} characters`;
    if (this.#common.has(normal.toLowerCase())) return 'is one of the most common passwords';
    const ownWords = this.#ownWords(owner);
    if (isMadeOf(normal, ownWords)) {
      return `must not be made of your own name or e-mail, or of "${this.#productName}"`;
    }
    if (this.#strength.isEasy(normal, ownWords))
      return 'is too easy to guess: use more, or less usual, words';
    return undefined;
  }

  #ownWords({ email = '', username = '' }: PasswordOwner): readonly string[] {
    const localPart = email.slice(0, Math.max(0, email.lastIndexOf('@')));
    const whole = [this.#productName, username, email, localPart];
    const parts = [username, localPart].flatMap((word) => word.split(/[\p{P}\p{Z}+]+/u));
    const words = [...whole, ...parts].map(squeeze).filter((word) => word.length >= SHORTEST_OWN_WORD);
    return [...new Set(words)].sort((a, b) => b.length - a.length);
  }
}

/** One form for all spellings that differ in case, width, spaces and punctuation only. */
function squeeze(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\p{P}\p{Z}\p{Sc}\p{Sk}\p{Sm}]+/gu, '');
}

/** True if next to nothing is left of the password without these words. */
function isMadeOf(password: string, words: readonly string[]): boolean {
  const squeezed = squeeze(password);
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), squeezed);
  if (rest === squeezed) return false;
  const others = [...rest.replace(/\p{N}+/gu, '')].length;
  return [...rest].length <= TRIVIAL_REST.length && others <= TRIVIAL_REST.otherThanDigits;
}
