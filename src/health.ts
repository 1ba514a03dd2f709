/** A part of the service that can be away. */
export interface HealthCheck {
  readonly name: string;
  /** Whether the process is of no use without it. */
  readonly required: boolean;
  /** Rejects when the part is away. */
  readonly check: () => Promise<void>;
}

export interface HealthReport {
  readonly status: 'ready' | 'unavailable' | 'draining';
  readonly checks: Readonly<Record<string, 'up' | 'down'>>;
}

/** Milliseconds that one look may take. */
const CHECK_MS = 1_000;
/** Milliseconds that what it found holds good; longer for a part that no answer hangs on. */
const REQUIRED_GOOD_MS = 1_000;
const OTHER_GOOD_MS = 10_000;

/** Whether this process should get requests. However often it is asked, each part is asked once in its time. */
export class Health {
  #draining = false;

  readonly #parts: readonly WatchedPart[];

  /** `now` tells milliseconds that only ever grow. */
  constructor(checks: readonly HealthCheck[], now: () => number = () => performance.now()) {
    this.#parts = checks.map((check) => new WatchedPart(check, now));
  }

  /** From now on the process is not ready: it is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** Asks every part at the same time, each for at most a second. */
  async report(): Promise<HealthReport> {
    const states = await Promise.all(
      this.#parts.map(async (part) => ({ ...part.check, up: await part.isUp() })),
    );
    const available = states.every(({ required, up }) => up || !required);
    return {
      status: this.#draining ? 'draining' : available ? 'ready' : 'unavailable',
      checks: Object.fromEntries(states.map(({ name, up }) => [name, up ? 'up' : 'down'])),
    };
  }
}

/** One part, and what the latest look at it found. */
class WatchedPart {
  readonly check: HealthCheck;
  readonly #now: () => number;
  #latest: Promise<boolean> | undefined;
  /** Infinity while a look is under way: all who ask then share it. */
  #goodUntil = 0;

  constructor(check: HealthCheck, now: () => number) {
    this.check = check;
    this.#now = now;
  }

  isUp(): Promise<boolean> {
    if (this.#latest === undefined || this.#now() >= this.#goodUntil) this.#latest = this.#look();
    return this.#latest;
  }

  async #look(): Promise<boolean> {
    this.#goodUntil = Number.POSITIVE_INFINITY;
    const up = await succeedsInTime(this.check.check);
    this.#goodUntil = this.#now() + (this.check.required ? REQUIRED_GOOD_MS : OTHER_GOOD_MS);
    return up;
  }
}

async function succeedsInTime(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), CHECK_MS);
  });
  const done = check().then(
    () => true,
    () => false,
  );
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}
