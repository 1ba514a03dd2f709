import { Prisma, type PrismaClient } from '@prisma/client';
import { type DirectoryPlace, FIRST_ID, TIERS, type Tier } from './directory-cursor';
import type { DirectoryRow } from './directory-row';

/** A user who stands in a tier of a search, with what it takes to tell whether that is the first one. */
export interface Candidate extends DirectoryRow {
  readonly tier: number;
  readonly key: string;
  /** Which of the place's phrases it was found by. */
  readonly phrase: number;
  /** Whether the e-mail begins with what is searched for. */
  readonly byEmail: boolean;
  /** The name, and what is searched for, both in the form that names are searched in. */
  readonly nameKey: string;
  readonly queryKey: string;
}

const ALL_SEGMENTS = 8;
/** Comes after every character in the order of code points. */
const LAST = '\u{10FFFF}';

const SEGMENT = Prisma.sql`user_segment(role, disabled_at, email_verified_at)`;
const COLUMNS = Prisma.sql`
  u.id, u.email, u.username, u.role::text AS role, u.email_verified_at AS "emailVerifiedAt",
  u.disabled_at AS "disabledAt", u.disabled_until AS "disabledUntil", u.disabled_reason AS "disabledReason",
  u.last_login_at AS "lastLoginAt", u.registered_at AS "registeredAt", u.created_at AS "createdAt"`;

// Each scan reads `size` entries per segment at most, in the order of the index, however many there are. Its lower bound
// is one comparison of rows: given two, the index would begin at the lesser.

/** The newest users before an id. */
export function scanNewest(
  client: PrismaClient,
  segments: readonly number[],
  { id }: DirectoryPlace,
  size: number,
): Promise<DirectoryRow[]> {
  if (segments.length === ALL_SEGMENTS) {
    return client.$queryRaw`
      SELECT ${COLUMNS} FROM users AS u WHERE u.id < ${id}::uuid ORDER BY u.id DESC LIMIT ${size}`;
  }
  return client.$queryRaw`
    SELECT ${COLUMNS}
    FROM unnest(${segments}::smallint[]) AS segments(segment), LATERAL (
      SELECT * FROM users
      WHERE ${SEGMENT} = segments.segment AND id < ${id}::uuid
      ORDER BY id DESC LIMIT ${size}
    ) AS u
    ORDER BY u.id DESC LIMIT ${size}`;
}

/** Users after a place whose e-mail, name, or name from a later word on, begins with `q`. */
export function scanPrefixes(
  client: PrismaClient,
  q: string,
  segments: readonly number[],
  place: DirectoryPlace,
  size: number,
): Promise<Candidate[]> {
  const after = (tier: Tier) => (place.tier === tier ? place : { key: '', id: FIRST_ID });
  const emails = Prisma.sql`
    SELECT ${TIERS.indexOf('email')}::int AS tier, found.email AS key, found.id
    FROM unnest(${segments}::smallint[]) AS segments(segment), LATERAL (
      SELECT email, id FROM users
      WHERE ${SEGMENT} = segments.segment
        AND email COLLATE "C" >= lower(${q}) AND email COLLATE "C" < lower(${q}) || ${LAST}
        AND email COLLATE "C" > ${after('email').key}
      ORDER BY email COLLATE "C" LIMIT ${size}
    ) AS found`;
  const names = (tier: 'name' | 'word') => Prisma.sql`
    SELECT ${TIERS.indexOf(tier)}::int AS tier, found.part AS key, found.user_id AS id
    FROM unnest(${segments}::smallint[]) AS segments(segment), LATERAL (
      SELECT part, user_id FROM user_name_parts AS p
      WHERE p.segment = segments.segment AND p.later = ${tier === 'word'}
        AND (p.part, p.user_id) > (greatest(user_name_key(${q}) COLLATE "C", ${after(tier).key}), ${after(tier).id}::uuid)
        AND p.part < user_name_key(${q}) || ${LAST}
      ORDER BY p.part, p.user_id LIMIT ${size}
    ) AS found`;
  const tiers = [emails, names('name'), names('word')].slice(
    TIERS.indexOf(place.tier) - TIERS.indexOf('email'),
  );
  return client.$queryRaw`
    SELECT keys.tier, keys.key, 0 AS phrase, starts_with(u.email, lower(${q})) AS "byEmail",
      user_name_key(u.username) AS "nameKey", user_name_key(${q}) AS "queryKey", ${COLUMNS}
    FROM (
      SELECT * FROM (${Prisma.join(tiers, ' UNION ALL ')}) AS found
      ORDER BY tier, key COLLATE "C", id LIMIT ${size}
    ) AS keys
    JOIN users AS u ON u.id = keys.id
    ORDER BY keys.tier, keys.key COLLATE "C", keys.id`;
}

/** Users after a place in whose name one of the place's phrases stands as whole words, a number at the end aside. */
export function scanPhrases(
  client: PrismaClient,
  q: string,
  segments: readonly number[],
  { phrases, phrase, key, id }: DirectoryPlace,
  size: number,
): Promise<Candidate[]> {
  // Between the phrase and the phrase with ":" stands whatever goes on with a space or a digit.
  return client.$queryRaw`
    SELECT ${TIERS.indexOf('similar')}::int AS tier, keys.part AS key, keys.phrase,
      starts_with(u.email, lower(${q})) AS "byEmail",
      user_name_key(u.username) AS "nameKey", user_name_key(${q}) AS "queryKey", ${COLUMNS}
    FROM (
      SELECT (phrases.place - 1)::int AS phrase, found.part, found.user_id
      FROM unnest(${phrases}::text[]) WITH ORDINALITY AS phrases(phrase, place),
        unnest(${segments}::smallint[]) AS segments(segment), (VALUES (false), (true)) AS places(later), LATERAL (
          SELECT part, user_id FROM user_name_parts AS p
          WHERE p.segment = segments.segment AND p.later = places.later
            AND (p.part, p.user_id) > (
              CASE phrases.place - 1 WHEN ${phrase} THEN greatest(phrases.phrase COLLATE "C", ${key}) ELSE phrases.phrase END,
              CASE phrases.place - 1 WHEN ${phrase} THEN ${id} ELSE ${FIRST_ID} END::uuid)
            AND p.part < phrases.phrase || ':'
          ORDER BY p.part, p.user_id LIMIT ${size}
        ) AS found
      WHERE phrases.place > ${phrase}
      ORDER BY 1, found.part, found.user_id LIMIT ${size}
    ) AS keys
    JOIN users AS u ON u.id = keys.user_id
    ORDER BY keys.phrase, keys.part, keys.user_id`;
}
