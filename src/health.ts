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

const CHECK_MS = 1_000;

/** Whether this process should get requests. */
export class Health {
  #draining = false;

  readonly #checks: readonly HealthCheck[];

  constructor(checks: readonly HealthCheck[]) {
    this.#checks = checks;
  }

  /** From now on the process is not ready: it is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** Asks every part at the same time, each for at most a second. */
  async report(): Promise<HealthReport> {
    const states = await Promise.all(
      this.#checks.map(async ({ name, required, check }) => ({
        name,
        required,
        up: await succeedsInTime(check),
      })),
    );
    const available = states.every(({ required, up }) => up || !required);
    return {
      status: this.#draining ? 'draining' : available ? 'ready' : 'unavailable',
      checks: Object.fromEntries(states.map(({ name, up }) => [name, up ? 'up' : 'down'])),
    };
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
