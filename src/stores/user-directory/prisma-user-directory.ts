import type { PrismaClient } from '@prisma/client';
import type { Clock } from '../../clock';
import type { Database } from '../postgres/database';
import {
  type DirectoryPlace,
  encodeCursor,
  searchedFor,
  startOf,
  TIERS,
  type Tier,
} from './directory-cursor';
import { type DirectoryRow, directoryUserOf, segmentsOf } from './directory-row';
import { isFirstMatch } from './first-match';
import { type Candidate, scanNewest, scanPhrases, scanPrefixes } from './prisma-directory-scans';
import { similarPhrases } from './prisma-similar-names';
import type { DirectoryFilter, DirectoryPage, DirectoryUser, UserDirectory } from './user-directory';

/** What a scan reads beyond the page: one row to know whether another page follows, the others for those passed over. */
const SPARE = 10;
/** A scan that goes on where the one before it had too few reads so many times its rows, and so many at most. */
const GROWTH = 4;
const LONGEST_SCAN = 1_000;
/** Scans for one page at most; then it is handed out as it is. */
const MOST_SCANS = 8;

/** The directory in PostgreSQL; how it searches says docs/decisions/0010-user-search.md. */
export class PrismaUserDirectory implements UserDirectory {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  async find(id: string): Promise<DirectoryUser | undefined> {
    const row = await this.#database.run((client) => client.user.findUnique({ where: { id } }));
    return row === null ? undefined : directoryUserOf(row, this.#clock.now());
  }

  async list({ limit, after, ...filter }: Parameters<UserDirectory['list']>[0]): Promise<DirectoryPage> {
    const q = searchedFor(filter);
    // No text in PostgreSQL has this character.
    if (q?.includes('\0')) return { users: [], nextCursor: null };
    const users: DirectoryUser[] = [];
    let place = after ?? startOf(q === undefined ? 'newest' : 'email');
    let size = limit + SPARE;
    for (let scans = 0; scans < MOST_SCANS; scans += 1) {
      const rows = await this.#database.run((client) => scan(client, q, filter, place, size));
      for (const row of rows) {
        const user = this.#listed(row, filter, place);
        if (user !== undefined && users.length === limit) {
          return { users, nextCursor: encodeCursor(place, filter) };
        }
        if (user !== undefined) users.push(user);
        place = placeOf(row, place);
      }
      const ended = rows.length < size;
      const next = ended ? await this.#database.run((client) => nextStage(client, q, place)) : place;
      if (next === undefined) return { users, nextCursor: null };
      place = next;
      size = ended ? limit + SPARE : Math.min(GROWTH * size, LONGEST_SCAN);
    }
    return { users, nextCursor: encodeCursor(place, filter) };
  }

  #listed(row: Row, { status }: DirectoryFilter, { phrases }: DirectoryPlace): DirectoryUser | undefined {
    if ('tier' in row && !isFirstMatch(row, phrases)) return undefined;
    const user = directoryUserOf(row, this.#clock.now());
    return status === undefined || user?.status === status ? user : undefined;
  }
}

type Row = DirectoryRow | Candidate;

function scan(
  client: PrismaClient,
  q: string | undefined,
  filter: DirectoryFilter,
  place: DirectoryPlace,
  size: number,
): Promise<readonly Row[]> {
  const segments = segmentsOf(filter);
  if (q === undefined) return scanNewest(client, segments, place, size);
  return (place.tier === 'similar' ? scanPhrases : scanPrefixes)(client, q, segments, place, size);
}

/** Where to go on when there is nobody after the place in its tier and the like. */
async function nextStage(client: PrismaClient, q: string | undefined, { tier }: DirectoryPlace) {
  if (q === undefined || tier === 'similar') return undefined;
  const phrases = await similarPhrases(client, q);
  return phrases.length === 0 ? undefined : startOf('similar', phrases);
}

function placeOf(row: Row, place: DirectoryPlace): DirectoryPlace {
  if (!('tier' in row)) return { ...place, id: row.id };
  return { ...place, tier: TIERS[row.tier] as Tier, key: row.key, id: row.id, phrase: row.phrase };
}
