import { deriveKeys, digestsWith, digestWith, matchesOne } from './keyring';

const secrets = [
  'the first secret of the service, long enough',
  'the second secret of the service, long enough',
];

it('gives each secret a key of its own for each use, in order', () => {
  const uses = ['refresh', 'codes', 'links', 'audit'] as const;
  const keys = uses.flatMap((use) => deriveKeys(secrets, use).map((key) => key.toString('hex')));
  expect(new Set(keys).size).toBe(8);
  expect(keys.every((key) => key.length === 64)).toBe(true);
  expect(deriveKeys(secrets.toReversed(), 'codes')).toEqual(deriveKeys(secrets, 'codes').toReversed());
});

it('wants a secret', () => {
  expect(() => deriveKeys([], 'codes')).toThrow(RangeError);
});

it('never digests two lists of parts alike', () => {
  const [key = Buffer.alloc(0)] = deriveKeys(secrets, 'codes');
  const lists = [
    ['ab', 'c'],
    ['a', 'bc'],
    ['abc'],
    ['a', 'b', 'c'],
    ['ab,c'],
    ['ab","c'],
    ['1'],
    [1],
    ['', ''],
    [''],
  ];
  const digests = lists.map((parts) => digestWith(key, ...parts));
  expect(new Set(digests).size).toBe(lists.length);
  expect(digestWith(key, 'ab', 'c')).toBe(digests[0]);
});

it('digests under every key, the first first', () => {
  const keys = deriveKeys(secrets, 'codes');
  expect(digestsWith(keys, 'a', 1)).toEqual(keys.map((key) => digestWith(key, 'a', 1)));
});

it('finds a signature among several, and none of another length', () => {
  const [a, b, c] = [Buffer.from('aa'), Buffer.from('bb'), Buffer.from('cc')];
  expect(matchesOne([a, b], b)).toBe(true);
  expect(matchesOne([a, b], a)).toBe(true);
  expect(matchesOne([a, b], c)).toBe(false);
  expect(matchesOne([a, b], Buffer.from('a'))).toBe(false);
});
