import { Gauge, type Registry } from 'prom-client';

export interface ScrapedGauge<A> {
  readonly name: string;
  readonly help: string;
  readonly read: (answer: A) => number;
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
  for (const { name, help, read } of gauges) {
    new Gauge({
      name,
      help,
      aggregator: 'max',
      registers: [registry],
      async collect() {
        const told = await answer();
        if (told === undefined) this.remove();
        else this.set(read(told));
      },
    });
  }
}
