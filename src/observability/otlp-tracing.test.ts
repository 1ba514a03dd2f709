import pino from 'pino';
import { startTraceCollector } from '../testing/trace-collector';
import { OtlpTracing } from './otlp-tracing';

it('holds a bounded number of spans while the collector takes none, and drops the others', async () => {
  const collector = await startTraceCollector();
  collector.status = 0;
  const tracing = new OtlpTracing(
    {
      endpoint: `${collector.endpoint}/`,
      headers: {},
      serviceName: 'bounded',
      sampler: 'always_on',
      ratio: 1,
    },
    pino({ level: 'silent' }),
    '1.2.3',
  );
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
