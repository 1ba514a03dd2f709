import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number };
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A collector on the loopback that takes OTLP over HTTP in JSON. */
export interface TraceCollector {
  readonly endpoint: string;
  readonly spans: CollectedSpan[];
  /** What came, as it came. */
  readonly bodies: string[];
  readonly headers: IncomingHttpHeaders[];
  readonly resource: Readonly<Record<string, unknown>>;
  /** What it answers with; 0: nothing, ever. */
  status: number;
  stop(): Promise<void>;
}

interface OtlpValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const valuesOf = (attributes: readonly OtlpValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

export async function startTraceCollector(): Promise<TraceCollector> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    collector.bodies.push(body);
    collector.headers.push(request.headers);
    if (collector.status === 0) return;
    if (collector.status === 200 && request.url === '/v1/traces') keep(body);
    response.writeHead(collector.status, { 'Content-Type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const collector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [] as CollectedSpan[],
    bodies: [] as string[],
    headers: [] as IncomingHttpHeaders[],
    resource: {},
    status: 200,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const keep = (body: string) => {
    for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
      collector.resource = valuesOf(resource.attributes);
      for (const { spans } of scopeSpans) {
        for (const span of spans) collector.spans.push({ ...span, attributes: valuesOf(span.attributes) });
      }
    }
  };
  return collector;
}
