import { AsyncResource } from 'node:async_hooks';
import pino from 'pino';
import { startTraceCollector } from '../testing/trace-collector';
import { OtlpTracing } from './otlp-tracing';

const NO_EVENTS = { onRedisCommand: () => {}, onRedisCommandEnded: () => {}, onStatement: () => {} };

const silent = (endpoint: string, serviceName: string) =>
  new OtlpTracing(
    { endpoint, headers: {}, serviceName, sampler: 'always_on', ratio: 1 },
    pino({ level: 'silent' }),
    '1.2.3',
  );

it('tells what a request caused, but not what a timer of it does after its end', async () => {
  const collector = await startTraceCollector();
  const tracing = silent(collector.endpoint, 'late');
  try {
    const events = tracing.ofDependencies(NO_EVENTS);
    const run = (script: string) => events.onRedisCommandEnded('evalsha', 0, script);
    const span = tracing.beginRequest('GET', undefined);
    let later = run;
    span.within(() => {
      later = AsyncResource.bind(run);
    });
    run('outside');
    later('within');
    span.end({ method: 'GET', route: '/', status: 200, problem: undefined });
    await new Promise((resolve) => setImmediate(resolve));
    later('after');
    await tracing.close();
    expect(collector.spans.map(({ name }) => name).sort()).toEqual(['GET /', 'within']);
  } finally {
    await collector.stop();
  }
});

it('holds a bounded number of spans while the collector takes none, and drops the others', async () => {
  const collector = await startTraceCollector();
  collector.status = 0;
  const tracing = silent(`${collector.endpoint}/`, 'bounded');
  try {
    for (let request = 0; request < 10_000; request += 1) {
      const span = tracing.beginRequest('GET', undefined);
      span.within(() => {});
      span.end({ method: 'GET', route: '/health/live', status: 200, problem: undefined });
    }
    collector.status = 200;
    await tracing.close();
    expect(collector.spans.length).toBeGreaterThan(1_000);
    // Those that waited, and the batch that was under way.
    expect(collector.spans.length).toBeLessThanOrEqual(2_048 + 512);
    expect(collector.resource['service.name']).toBe('bounded');
  } finally {
    await collector.stop();
  }
}, 60_000);
