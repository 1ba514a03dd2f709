import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { hash as bcryptHash, compare } from 'bcrypt';
import { type Clock, systemClock } from '../clock';
import { type HashingEvents, HashingQueue } from './hashing-queue';

/** bcrypt's least cost, and the highest that a stored hash may ask for. */
const MIN_COST = 4;
const MAX_COST = 15;
/** bcrypt works in libuv's pool of 4 threads: one stays free for files and names, whatever the number of cores. */
const MOST_AT_ONCE = 3;
/** Format version, pepper, bcrypt (2b, cost, salt and digest). */
const STORED = /^tg1\$([\w-]{11})\$(\$2b\$(\d\d)\$[./A-Za-z0-9]{53})$/;

export interface PasswordHasherOptions {
  /** bcrypt's cost: 2^cost rounds. */
  readonly cost: number;
  /** The first hashes, all verify. */
  readonly peppers: readonly string[];
  /** Hashes at once, at most 3; by default as many as there are cores. */
  readonly concurrency?: number;
  readonly maxQueued?: number;
  readonly maxWaitMs?: number;
  readonly clock?: Clock;
  readonly events?: HashingEvents;
}

interface Stored {
  readonly pepperId: string;
  readonly bcrypt: string;
  readonly cost: number;
}

/**
 * Hashes and verifies passwords with bcrypt over base64(HMAC-SHA-256(pepper, NFC form)): 44 bytes, so nothing is cut at
 * bcrypt's 72, and no NUL ends it early. A hash names its pepper: `tg1$<pepper id>$<bcrypt>`.
 * `hash` and `verify` throw `HashingOverloaded`.
 */
export class PasswordHasher {
  readonly #cost: number;
  readonly #peppers: ReadonlyMap<string, string>;
  readonly #currentPepperId: string;
  readonly #dummy: string;
  readonly #queue: HashingQueue;

  private constructor(options: PasswordHasherOptions, dummy: string) {
    this.#cost = options.cost;
    this.#peppers = new Map(options.peppers.map((pepper) => [pepperIdOf(pepper), pepper]));
    const [currentPepperId] = this.#peppers.keys();
    if (currentPepperId === undefined) throw new RangeError('at least one pepper is needed');
    this.#currentPepperId = currentPepperId;
    this.#dummy = dummy;
    this.#queue = new HashingQueue({
      concurrency: Math.min(options.concurrency ?? availableParallelism(), MOST_AT_ONCE),
      maxQueued: options.maxQueued ?? 128,
      maxWaitMs: options.maxWaitMs ?? 8_000,
      clock: options.clock ?? systemClock,
      events: options.events,
    });
  }

  static async create(options: PasswordHasherOptions): Promise<PasswordHasher> {
    if (!Number.isInteger(options.cost) || options.cost < MIN_COST || options.cost > MAX_COST) {
      throw new RangeError(`bcrypt's cost must be a whole number from ${MIN_COST} to ${MAX_COST}`);
    }
    const dummy = await bcryptHash(randomBytes(32).toString('base64'), MIN_COST);
    return new PasswordHasher(options, dummy);
  }

  /** Throws `TypeError` for ill-formed Unicode, which the policy refuses before. */
  async hash(password: string): Promise<string> {
    if (!password.isWellFormed()) throw new TypeError('a password must be well-formed Unicode');
    const material = this.#material(password, this.#currentPepperId);
    const bcrypt = await this.#queue.run(() => bcryptHash(material, this.#cost));
    return `tg1$${this.#currentPepperId}$${bcrypt}`;
  }

  /** `hash` is null for an unknown user. The work is the same whatever the answer, and whether or not there is a hash. */
  async verify(password: string, hash: string | null): Promise<boolean> {
    const stored = this.#usable(hash);
    const material = this.#material(password, stored?.pepperId ?? this.#currentPepperId);
    return await this.#queue.run(async () => {
      if (stored === undefined) {
        await compare(material, this.#dummyAt(this.#cost));
        return false;
      }
      const matches = await compare(material, stored.bcrypt);
      // 2^c rounds were done; c, c+1, … cost-1 add what is missing to 2^cost, right or wrong.
      for (let cost = stored.cost; cost < this.#cost; cost += 1) await compare(material, this.#dummyAt(cost));
      return matches && password.isWellFormed();
    });
  }

  /** True unless `hash` would today be made with the same format, cost and pepper. */
  needsRehash(hash: string): boolean {
    const stored = parse(hash);
    return stored?.cost !== this.#cost || stored.pepperId !== this.#currentPepperId;
  }

  /** False for a hash of another format and for one under a pepper that is not listed: no password matches it. */
  canVerify(hash: string): boolean {
    return this.#usable(hash) !== undefined;
  }

  /** What hashes name the peppers by, the one that hashes first. */
  get pepperIds(): readonly string[] {
    return [...this.#peppers.keys()];
  }

  /** Hashes being computed and waiting. */
  stats(): ReturnType<HashingQueue['stats']> {
    return this.#queue.stats();
  }

  #usable(hash: string | null): Stored | undefined {
    const stored = hash === null ? undefined : parse(hash);
    return stored !== undefined && this.#peppers.has(stored.pepperId) ? stored : undefined;
  }

  #material(password: string, pepperId: string): string {
    const pepper = this.#peppers.get(pepperId) ?? '';
    return createHmac('sha256', pepper).update(password.normalize('NFC'), 'utf8').digest('base64');
  }

  /** A hash of a random input that nobody knows; any well-formed hash costs a full compare. */
  #dummyAt(cost: number): string {
    return `$2b$${String(cost).padStart(2, '0')}$${this.#dummy.slice(7)}`;
  }
}

/** HKDF keeps the id apart from every HMAC of a password under the same pepper. */
function pepperIdOf(pepper: string): string {
  return Buffer.from(hkdfSync('sha256', pepper, '', 'tollgate pepper id', 8)).toString('base64url');
}

function parse(hash: string): Stored | undefined {
  const [, pepperId, bcrypt, digits] = STORED.exec(hash) ?? [];
  if (pepperId === undefined || bcrypt === undefined) return undefined;
  const cost = Number(digits);
  return cost >= MIN_COST && cost <= MAX_COST ? { pepperId, bcrypt, cost } : undefined;
}
