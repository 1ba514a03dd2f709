import { TIERS } from './directory-cursor';
import type { Candidate } from './prisma-directory-scans';

const [EMAIL, NAME, WORD] = (['email', 'name', 'word'] as const).map((tier) => TIERS.indexOf(tier));

/**
 * Whether a search lists the user in this place: the first tier that has the user, there by the best phrase, and there
 * from the leftmost word. It depends on user, search and phrases alone, so that every page decides alike.
 */
export function isFirstMatch(candidate: Candidate, phrases: readonly string[]): boolean {
  const { tier, key, phrase, byEmail, nameKey, queryKey } = candidate;
  if (tier === EMAIL) return true;
  if (byEmail) return false;
  if (tier === NAME) return true;
  const name = ` ${nameKey} `;
  const typed = name.indexOf(` ${queryKey}`);
  if (tier === WORD) return typed > 0 && key === nameKey.slice(typed);
  const wanted = phrases.map((each) => placeOf(each, name));
  return typed < 0 && wanted.findIndex((at) => at >= 0) === phrase && key === nameKey.slice(wanted[phrase]);
}

/** Where it stands as whole words, a number at the end aside. */
function placeOf(phrase: string, name: string): number {
  let at = name.indexOf(` ${phrase}`);
  while (at >= 0 && !/[ 0-9]/.test(name.charAt(at + 1 + phrase.length)))
    at = name.indexOf(` ${phrase}`, at + 1);
  return at;
}
