import { type Check, fail, judge, pass, warn } from '../check';

/** Milliseconds of one hash: below, a guess is cheap; above, a login is slow and a few of them stall the rest. */
const FAST_MS = 50;
const SLOW_MS = 1_000;
/** OWASP's least cost of bcrypt (ASVS 5.0.0, appendix C). */
const LEAST_COST = 10;

export const passwordChecks: readonly Check[] = [
  {
    id: 'V6.2.1',
    level: 1,
    must: true,
    title: 'Passwords have 8 characters or more; 15 are advised',
    run({ config: { passwordMinLength: least } }) {
      if (least < 8) return fail(`PASSWORD_MIN_LENGTH is ${least}`);
      return least < 15
        ? warn(`PASSWORD_MIN_LENGTH is ${least}; 15 where a password is the only factor`)
        : pass(`PASSWORD_MIN_LENGTH is ${least}`);
    },
  },
  {
    id: 'V11.4.2',
    level: 2,
    must: true,
    productionOnly: true,
    title: 'Hashing a password is slow enough, and not too slow here',
    run({ config: { bcryptCost }, hashMs }) {
      const evidence = `bcrypt, cost ${bcryptCost}: ${Math.round(hashMs)} ms a hash on this machine`;
      if (bcryptCost < LEAST_COST) return fail(`${evidence}; the least is cost ${LEAST_COST}`);
      if (hashMs < FAST_MS) return warn(`${evidence}: raise BCRYPT_COST`);
      return hashMs > SLOW_MS ? warn(`${evidence}: lower BCRYPT_COST`) : pass(evidence);
    },
  },
  {
    id: 'V11.4.2',
    level: 2,
    must: false,
    title: 'Stored hashes are of today’s cost and pepper',
    run({ storedHashes }) {
      return judge(storedHashes, ({ all, older }) =>
        older === 0
          ? pass(`${all} of ${all}`)
          : warn(`${older} of ${all} are older; each is renewed at its owner's next login`),
      );
    },
  },
  {
    id: 'TG-3',
    level: null,
    must: true,
    title: 'Every stored hash names a pepper that is listed',
    run({ storedHashes }) {
      return judge(storedHashes, ({ all, unusable }) =>
        unusable === 0
          ? pass(`${all} of ${all}`)
          : fail(
              `${unusable} of ${all} do not: their owners cannot log in; put the old pepper back on the list`,
            ),
      );
    },
  },
];
