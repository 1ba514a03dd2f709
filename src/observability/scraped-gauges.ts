import { Gauge, type Registry } from 'prom-client';

export interface ScrapedGauge<A> {
  readonly name: string;
  readonly help: string;
  /** The label by which it tells several values. */
  readonly label?: string;
  /** The value, or those of a gauge with a label, by that. */
  readonly read: (answer: A) => number | Readonly<Record<string, number>>;
}

/**
 * Gauges that one question answers, asked at each scrape; while it fails they are absent rather than wrong. Where every
 * worker is answered the same the scrape tells the most that one was told, for the sum would count it twice.
 */
export function scrapedGauges<A>(
  registry: Registry,
  ask: () => Promise<A>,
  gauges: readonly ScrapedGauge<A>[],
): void {
  let asked: Promise<A | undefined> | undefined;
  // A scrape collects all gauges at the same time: the first asks, and the others wait for the same answer.
  const answer = () => {
    asked ??= ask()
      .catch(() => undefined)
      .finally(() => {
        asked = undefined;
      });
    return asked;
  };
  for (const { name, help, label = '', read } of gauges) {
    new Gauge({
      name,
      help,
      labelNames: label === '' ? [] : [label],
      aggregator: 'max',
      registers: [registry],
      async collect() {
        const told = await answer();
        const values = told === undefined ? {} : read(told);
        if (typeof values === 'number') return this.set(values);
        // Without labels that would set it to 0.
        if (label === '') return this.remove();
        this.reset();
        for (const [of, value] of Object.entries(values)) this.set({ [label]: of }, value);
      },
    });
  }
}
