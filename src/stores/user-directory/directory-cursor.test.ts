import { type DirectoryPlace, decodeCursor, encodeCursor, MAX_PHRASES, startOf } from './directory-cursor';
import type { DirectoryFilter } from './user-directory';

const ID = '01900000-0000-7000-8000-000000000000';
const FILTER: DirectoryFilter = { q: 'ada', role: 'USER', status: 'active' };
const PLACES: readonly DirectoryPlace[] = [
  { ...startOf('email'), key: 'ada@example.com', id: ID },
  { ...startOf('name'), key: 'ada lovelace', id: ID },
  { ...startOf('word'), key: '山田', id: ID },
  { ...startOf('similar', ['adam', 'adah']), phrase: 1, key: 'adah', id: ID },
];

/** A cursor of the members given, and else of good ones. */
function forge(members: Record<number, unknown>): string {
  const good = JSON.parse(
    Buffer.from(encodeCursor(PLACES[3] as DirectoryPlace, FILTER), 'base64url').toString(),
  ) as unknown[];
  return Buffer.from(JSON.stringify(Object.assign(good, members))).toString('base64url');
}

describe('a cursor', () => {
  it.each(PLACES)('brings the place $tier back', (place) => {
    const cursor = encodeCursor(place, FILTER);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(decodeCursor(cursor, FILTER)).toEqual(place);
  });

  it('brings a place without a search back', () => {
    const place = { ...startOf('newest'), id: ID };
    expect(decodeCursor(encodeCursor(place, {}), {})).toEqual(place);
  });

  it('is good for the same search in another spelling', () => {
    const [place] = PLACES as [DirectoryPlace];
    const cursor = encodeCursor(place, { q: 'Ad\u00e1' });
    expect(decodeCursor(cursor, { q: ' Ada\u0301 ' })).toEqual(place);
  });

  it.each<[string, DirectoryFilter]>([
    ['no search', { ...FILTER, q: undefined }],
    ['another search', { ...FILTER, q: 'adam' }],
    ['another role', { ...FILTER, role: 'ADMIN' }],
    ['no role', { ...FILTER, role: undefined }],
    ['another status', { ...FILTER, status: 'pending' }],
    ['nothing', {}],
  ])('is not good for %s', (_, filter) => {
    for (const place of PLACES) expect(decodeCursor(encodeCursor(place, FILTER), filter)).toBeUndefined();
  });

  it('of a list is not good for a search with the same fingerprint, nor the other way round', () => {
    expect(decodeCursor(forge({ 1: 0 }), FILTER)).toBeUndefined();
    const list = JSON.parse(Buffer.from(encodeCursor(startOf('newest'), {}), 'base64url').toString());
    list[1] = 1;
    expect(decodeCursor(Buffer.from(JSON.stringify(list)).toString('base64url'), {})).toBeUndefined();
  });

  it.each([
    ['a fingerprint of nothing', { 0: '' }],
    ['a tier there is none of', { 1: 5 }],
    ['half a tier', { 1: 1.5 }],
    ['a tier in words', { 1: 'email' }],
    ['a key that is no text', { 2: 7 }],
    ['a key that is too long', { 2: 'a'.repeat(255) }],
    ['a key with a NUL', { 2: 'a\0' }],
    ['a key that is ill-formed', { 2: '\ud800' }],
    ['an id that is none', { 3: "1' OR '1'='1" }],
    ['an id of another type', { 3: null }],
    ['too many phrases', { 4: Array.from({ length: MAX_PHRASES + 1 }, () => 'ada') }],
    ['a phrase that is no text', { 4: [{}, 'ada'] }],
    ['a phrase with a NUL', { 4: ['ada', '\0'] }],
    ['a phrase beyond the last', { 5: 2 }],
    ['a phrase before the first', { 5: -1 }],
    ['a phrase where there are none', { 1: 1, 5: 1 }],
    ['no phrases', { 4: [], 5: 0 }],
    ['more members', { 6: 'more' }],
    ['prototypes', { 4: { __proto__: [] } }],
  ])('with %s is none', (_, members) => {
    expect(decodeCursor(forge({}), FILTER)).toBeDefined();
    expect(decodeCursor(forge(members), FILTER)).toBeUndefined();
  });

  it.each(['', 'x', '!', '====', 'bnVsbA', 'W10', 'e30', 'W1tdXQ', 'a'.repeat(5_000), '\0', '🙂', '["a"]'])(
    'is not %j',
    (cursor) => {
      expect(decodeCursor(cursor, FILTER)).toBeUndefined();
      expect(decodeCursor(cursor, {})).toBeUndefined();
    },
  );

  it('has one spelling', () => {
    const cursor = forge({});
    for (const other of [`${cursor}=`, ` ${cursor}`, `${cursor}\n`, cursor.slice(0, -1), `${cursor}A`]) {
      expect(decodeCursor(other, FILTER)).toBeUndefined();
    }
  });
});
