import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DirectoryFilter } from './user-directory';

/** In the order of a list: the newest, where nothing is searched for; else what the search matched. */
export const TIERS = ['newest', 'email', 'name', 'word', 'similar'] as const;
export type Tier = (typeof TIERS)[number];

/** Names that a search tries in place of what was typed, at most. */
export const MAX_PHRASES = 16;

/** How far somebody has read: everything up to and including this. */
export interface DirectoryPlace {
  readonly tier: Tier;
  /** What the tier is ordered by, before the id: an e-mail, or a name from one of its words on. */
  readonly key: string;
  readonly id: string;
  /** Similar names, the best first. Kept from page to page, so that names which come and go meanwhile shift nothing. */
  readonly phrases: readonly string[];
  /** Which of them it is. */
  readonly phrase: number;
}

/** Before and after every id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Before everybody: the newest is read from the last id down, all else from the first up. */
export function startOf(tier: Tier, phrases: readonly string[] = []): DirectoryPlace {
  return { tier, key: '', id: tier === 'newest' ? LAST_ID : FIRST_ID, phrases, phrase: 0 };
}

/** Longer than any cursor. */
export const MAX_CURSOR_LENGTH = 4_096;

const text = z
  .string()
  .max(254)
  .refine((value) => value.isWellFormed() && !value.includes('\0'));

/** The place as opaque text that is good for this filter alone. */
export function encodeCursor(place: DirectoryPlace, filter: DirectoryFilter): string {
  const { tier, key, id, phrases, phrase } = place;
  const members = [fingerprint(filter), TIERS.indexOf(tier), key, id, phrases, phrase];
  return Buffer.from(JSON.stringify(members)).toString('base64url');
}

/** Undefined for what is no cursor, or is that of another filter. Nothing in it is a secret, and nothing is trusted. */
export function decodeCursor(cursor: string, filter: DirectoryFilter): DirectoryPlace | undefined {
  if (cursor.length > MAX_CURSOR_LENGTH) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.toString('base64url') !== cursor) return undefined;
  const parsed = z
    .tuple([
      z.literal(fingerprint(filter)),
      filter.q === undefined
        ? z.literal(0)
        : z
            .int()
            .min(1)
            .max(TIERS.length - 1),
      text,
      z.uuid(),
      z.array(text).max(MAX_PHRASES),
      z.int().min(0),
    ])
    .safeParse(jsonOf(bytes.toString()));
  if (!parsed.success) return undefined;
  const [, number, key, id, phrases, phrase] = parsed.data;
  const tier = TIERS[number] as Tier;
  if (phrase >= (tier === 'similar' ? phrases.length : 1)) return undefined;
  return { tier, key, id, phrases, phrase };
}

/** What is searched for, in the form that names are stored in. */
export function searchedFor({ q }: DirectoryFilter): string | undefined {
  return q?.normalize('NFC').trim();
}

function fingerprint(filter: DirectoryFilter): string {
  const { role = null, status = null } = filter;
  const what = JSON.stringify([searchedFor(filter) ?? null, role, status]);
  return createHash('sha256').update(what).digest('base64url').slice(0, 16);
}

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
