import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Mailer, MailNotSent } from '../mail/mailer';
import type { HashingEvents } from '../passwords/hashing-queue';
import type { DependencyEvents } from './dependency-metrics';
import type { Logger } from './logger';
import { TraceExporter } from './trace-exporter';
import type { TraceParent } from './trace-parent';
import { type SamplerName, samplerOf } from './trace-sampler';
import type { RequestEnd, RequestSpan, Tracing } from './tracing';

export interface TracingOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  readonly sampler: SamplerName;
  /** The share of traces that a sampler by ratio takes. */
  readonly ratio: number;
}

/** The request that some work belongs to; `endedAt` by `performance.now()`, once it has. */
interface Current {
  readonly context: Context;
  endedAt: number;
}

/** Spans that wait to be sent; what comes beyond them is dropped. And how many go out at a time. */
const MOST_WAITING = 2_048;
const BATCH = 512;
/** Milliseconds that spans wait for others. */
const DELAY_MS = 2_000;

/**
 * Tracing by OpenTelemetry. Loaded where it is on alone. Children are made from what connections and queues tell anyway
 * when something has ended; whose they are is known by the asynchronous context.
 */
export class OtlpTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #current = new AsyncLocalStorage<Current>();

  /** `version` is that of the build. */
  constructor(options: TracingOptions, logger: Logger, version: string) {
    const exporter = new TraceExporter({ ...options, logger });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({
        'service.name': options.serviceName,
        'service.version': version,
      }),
      sampler: samplerOf(options.sampler, options.ratio),
      spanProcessors: [
        new BatchSpanProcessor({
          exporter,
          maxQueueSize: MOST_WAITING,
          maxExportBatchSize: BATCH,
          scheduledDelayMillis: DELAY_MS,
        }),
      ],
    });
    this.#tracer = this.#provider.getTracer('tollgate', version);
  }

  beginRequest(method: string, parent: TraceParent | undefined): RequestSpan {
    const around = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote(parent));
    const span = this.#tracer.startSpan(method, { kind: SpanKind.SERVER }, around);
    const { traceId, spanId } = span.spanContext();
    const current: Current = { context: trace.setSpan(ROOT_CONTEXT, span), endedAt: Infinity };
    return {
      traceId,
      spanId,
      within: (work) => this.#current.run(current, work),
      end: (end) => {
        current.endedAt = performance.now();
        endRequest(span, end);
      },
    };
  }

  ofDependencies(events: DependencyEvents): DependencyEvents {
    return {
      ...events,
      onRedisCommandEnded: (operation, seconds, script) => {
        events.onRedisCommandEnded(operation, seconds, script);
        this.#ended(script ?? operation, seconds, SpanKind.CLIENT, {
          'db.system.name': 'redis',
          'db.operation.name': operation,
          ...(script !== undefined && { 'db.stored_procedure.name': script }),
        });
      },
      onStatement: (pool, seconds, operation) => {
        events.onStatement(pool, seconds, operation);
        this.#ended(operation, seconds, SpanKind.CLIENT, {
          'db.system.name': 'postgresql',
          'db.operation.name': operation,
        });
      },
    };
  }

  ofHashing(events: HashingEvents): HashingEvents {
    return {
      ...events,
      onEnded: (seconds) => {
        events.onEnded(seconds);
        this.#ended('password hash', seconds, SpanKind.INTERNAL, {});
      },
    };
  }

  ofMails(mailer: Mailer): Mailer {
    return {
      send: async (message) => {
        const span = this.#tracer.startSpan('mail send', { kind: SpanKind.CLIENT }, ROOT_CONTEXT);
        try {
          await mailer.send(message);
        } catch (error) {
          fail(span, error instanceof MailNotSent ? error.reason : 'error');
          throw error;
        } finally {
          span.end();
        }
      },
      check: () => mailer.check(),
      close: () => mailer.close(),
    };
  }

  async close(): Promise<void> {
    await this.#provider.shutdown().catch(() => {});
  }

  /** Something that a request caused took so long until now. What no request caused is not told. */
  #ended(name: string, seconds: number, kind: SpanKind, attributes: Attributes): void {
    const current = this.#current.getStore();
    if (current === undefined) return;
    const { context, endedAt } = current;
    const flags = trace.getSpanContext(context)?.traceFlags ?? TraceFlags.NONE;
    const now = performance.now();
    const startTime = now - seconds * 1_000;
    // A timer that a request started goes on in its name: what it does later is not the request's.
    if ((flags & TraceFlags.SAMPLED) === 0 || startTime > endedAt) return;
    this.#tracer.startSpan(name, { kind, startTime, attributes }, context).end(now);
  }
}

function remote({ traceId, spanId, sampled }: TraceParent) {
  return { traceId, spanId, isRemote: true, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

function endRequest(span: Span, { method, route, status, problem }: RequestEnd): void {
  if (route !== undefined) span.updateName(`${method} ${route}`).setAttribute('http.route', route);
  span.setAttributes({ 'http.request.method': method, 'http.response.status_code': status });
  if (status >= 500) fail(span, problem ?? String(status));
  else if (problem !== undefined) span.setAttribute('error.type', problem);
  span.end();
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}
