import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from './logger';

type Export = SpanExporter['export'];

export interface TraceExporterOptions {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`: below it is `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

/** Milliseconds for one batch, tries again included. */
const EXPORT_MS = 5_000;

/** Sends spans to a collector by OTLP over HTTP, in JSON. Tells the log when it cannot and when it can again. */
export class TraceExporter implements SpanExporter {
  readonly #otlp: OTLPTraceExporter;
  readonly #logger: Logger;
  #failing = false;

  constructor({ endpoint, headers, logger }: TraceExporterOptions) {
    this.#logger = logger;
    this.#otlp = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
      headers: { ...headers },
      timeoutMillis: EXPORT_MS,
    });
  }

  export(...[spans, done]: Parameters<Export>): void {
    this.#otlp.export(spans, (result) => {
      this.#note(result.error);
      done(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.#otlp.forceFlush();
  }

  async shutdown(): Promise<void> {
    await this.#otlp.shutdown();
  }

  /** Once per outage, and by name and code: a message may quote what was sent, or where. */
  #note(error: (Error & { code?: unknown }) | undefined): void {
    if ((error !== undefined) === this.#failing) return;
    this.#failing = error !== undefined;
    if (error === undefined) this.#logger.info('traces are exported again');
    else this.#logger.warn({ reason: error.name, code: error.code }, 'traces cannot be exported');
  }
}
