import { dictionary } from '@zxcvbn-ts/language-en';

const COMMON_FIRST =
  'james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica thomas sarah christopher karen charles lisa daniel nancy matthew sandra anthony betty mark ashley steven emily paul kimberly andrew margaret joshua donna kenneth michelle kevin carol brian amanda george melissa timothy deborah ronald stephanie';
const BEYOND_ASCII =
  'Élodie Brûlé,André Müller,Łukasz Żak,Þóra Jónsdóttir,Александр Пушкин,Мария Иванова,Дмитрий Смирнов,Ελένη Παπαδοπούλου,Νίκος Γεωργίου,山田 太郎,김 민준,José Núñez,Zoë Sørensen,Şule Yılmaz';
const DOMAINS = ['gmail.com', 'yahoo.com', 'outlook.com', 'example.com', 'mail.example', 'corp.example'];
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Makes up people as a service has them, one per call: four in five by first and last name (of some 5,000 and 89,000, as
 * unevenly common as names are; a few with a middle name, a few beyond ASCII), the others by a handle of two words,
 * often with a number. E-mails are made of the names, and differ.
 */
export function peopleFrom(random) {
  const head = COMMON_FIRST.split(' ');
  const first = unevenly(
    [...head, ...dictionary['firstnames-en'].filter((name) => !head.includes(name))],
    1.1,
  );
  const last = unevenly(dictionary['lastnames-en'], 1);
  const word = unevenly(
    dictionary['commonWords-en'].filter((entry) => /^[a-z]{3,9}$/.test(entry)).slice(0, 15_000),
    0.3,
  );
  const foreign = unevenly(BEYOND_ASCII.split(','), 0);
  const seen = new Map();
  return () => {
    const { username, local } = namesOf();
    const earlier = seen.get(local) ?? 0;
    seen.set(local, earlier + 1);
    return { username, email: `${local}${earlier || ''}@${one(DOMAINS, random)}` };
  };

  function namesOf() {
    const draw = random();
    if (draw < 0.02) return { username: foreign(random), local: `${word(random)}.${last(random)}` };
    if (draw < 0.2) {
      const local = word(random) + one(['', '_', '-'], random) + word(random);
      return { username: local + (random() < 0.5 ? Math.floor(random() * 1000) : ''), local };
    }
    const [given, middle, family] = [first(random), random() < 0.06 ? [first(random)] : [], last(random)];
    const username = [given, ...middle, family].map(capitalised).join(' ').slice(0, 32).trim();
    return { username, local: `${given}.${family}` };
  }
}

/** Draws from a list whose entry n is as common as 1 / (n + 10) ^ skew. */
function unevenly(list, skew) {
  let total = 0;
  const sums = list.map((_, n) => {
    total += 1 / (n + 10) ** skew;
    return total;
  });
  return (random) => {
    const wanted = random() * total;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    return list[low];
  };
}

/** A text with one slip of the fingers after its first letter: two letters swapped, one left out, doubled or wrong. */
export function mistyped(text, random) {
  const letters = [...text];
  const at = 1 + Math.floor(random() * (letters.length - 2));
  const slips = [
    () => letters.splice(at, 2, letters[at + 1], letters[at]),
    () => letters.splice(at, 1),
    () => letters.splice(at, 0, letters[at]),
    () => letters.splice(at, 1, one([...LETTERS], random)),
  ];
  one(slips, random)();
  return letters.join('');
}

export function one(list, random) {
  return list[Math.floor(random() * list.length)];
}

function capitalised(name) {
  return name[0].toUpperCase() + name.slice(1);
}
