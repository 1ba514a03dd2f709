import type { PrismaClient } from '@prisma/client';
import { MAX_PHRASES } from './directory-cursor';

/** From so many characters on something is similar enough to mean it. */
const SHORTEST = 3;
/** By the number of words searched for: how many are tried in place of each. A name of more words is none. */
const TRIED = [MAX_PHRASES, 6, 3, 2];
/** What a name may be made of. */
const NAME = /^[\p{L}\p{N} _.-]+$/u;

interface SimilarWord {
  /** Of which word searched for, from 1. */
  readonly place: number;
  readonly word: string;
  readonly similarity: number;
  readonly queryKey: string;
}

/**
 * Names, or parts of names, that somebody has and that are similar to `q` without beginning with it; the best first.
 * A word is similar by its trigrams, or if two neighbouring letters are swapped, which trigrams tell badly.
 */
export async function similarPhrases(client: PrismaClient, q: string): Promise<readonly string[]> {
  if ([...q].length < SHORTEST || !NAME.test(q)) return [];
  const words = await client.$queryRaw<SimilarWord[]>`
    SELECT typed.place::int AS place, close.word, close.similarity, user_name_key(${q}) AS "queryKey"
    FROM string_to_array(rtrim(user_name_key(${q})), ' ') AS words,
      unnest(words) WITH ORDINALITY AS typed(word, place), LATERAL (
        SELECT word, max(similarity)::float8 AS similarity FROM (
          SELECT word, 1 AS similarity FROM user_name_words WHERE word = typed.word
          UNION ALL
          SELECT word, 0.9 FROM user_name_words WHERE word = ANY (ARRAY(
            SELECT left(typed.word, at - 1) || substr(typed.word, at + 1, 1) || substr(typed.word, at, 1)
              || substr(typed.word, at + 2)
            FROM generate_series(1, length(typed.word) - 1) AS at))
          UNION ALL
          SELECT word, similarity(word, typed.word) FROM user_name_words
          WHERE word % typed.word AND length(typed.word) >= ${SHORTEST}
        ) AS alike
        WHERE cardinality(words) > 1 OR NOT starts_with(word, typed.word)
        GROUP BY word
        ORDER BY similarity DESC, word LIMIT (${TRIED}::int[])[cardinality(words)]
      ) AS close
    WHERE cardinality(words) <= ${TRIED.length}
    ORDER BY typed.place, close.similarity DESC, close.word`;
  return phrasesOf(words);
}

/** Every way to put a word in each place, the most similar first. */
function phrasesOf(words: readonly SimilarWord[]): readonly string[] {
  const queryKey = words[0]?.queryKey ?? '';
  const places = queryKey
    .trimEnd()
    .split(' ')
    .map((_, index) => words.filter(({ place }) => place === index + 1));
  return (
    places
      .reduce<readonly { readonly words: readonly string[]; readonly similarity: number }[]>(
        (phrases, choices) =>
          phrases.flatMap((phrase) =>
            choices.map(({ word, similarity }) => ({
              words: [...phrase.words, word],
              similarity: phrase.similarity + similarity,
            })),
          ),
        [{ words: [], similarity: 0 }],
      )
      .toSorted((a, b) => b.similarity - a.similarity)
      .map((phrase) => phrase.words.join(' '))
      // What begins with it has been found by that.
      .filter((phrase) => !phrase.startsWith(queryKey))
      .slice(0, MAX_PHRASES)
  );
}
