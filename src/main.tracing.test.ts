import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBuilt } from './testing/built-service';
import { describedFetch } from './testing/described-fetch';
import { freePort } from './testing/free-port';
import { createTestDatabase } from './testing/test-database';
import { startTraceCollector, type TraceCollector } from './testing/trace-collector';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const secret = () => randomBytes(48).toString('base64url');
const folder = mkdtempSync(join(tmpdir(), 'tollgate-tracing-'));
const hook = join(folder, 'tell-loaded.cjs');

/** Prints, at the end, how many files of OpenTelemetry's exporting half were loaded. */
writeFileSync(
  hook,
  `process.on('exit', () => {
    const loaded = Object.keys(require.cache).filter((path) => /@opentelemetry.(sdk|exporter|otlp)/.test(path));
    process.stdout.write('\\nloaded: ' + loaded.length + '\\n');
  });`,
);

describe('a process', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let collector: TraceCollector;

  beforeAll(async () => {
    database = await createTestDatabase();
    collector = await startTraceCollector();
  });
  afterAll(async () => {
    await collector.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => void collector.spans.splice(0));

  /** Starts, is asked once as part of a trace, and is told to stop: its exit code and what it printed. */
  async function serveOnce(env: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> {
    const port = String(await freePort());
    const service = runBuilt('main.js', {
      PORT: port,
      DATABASE_URL: database.url,
      SMTP_URL: 'smtp://127.0.0.1:1',
      JWT_SECRET: secret(),
      SECRET_KEYS: secret(),
      PASSWORD_PEPPER: secret(),
      NODE_OPTIONS: `--require ${hook}`,
      ...env,
    });
    try {
      await service.printed('serving');
      const headers = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` };
      await (await describedFetch(`http://127.0.0.1:${port}/api/v1/users/me`, { headers })).text();
      service.child.kill('SIGTERM');
      return { code: await service.ended, output: service.output() };
    } finally {
      service.child.kill('SIGKILL');
    }
  }

  it('sends what it has before it ends', async () => {
    const { code, output } = await serveOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    expect(code).toBe(0);
    expect(output).toContain(`"traceId":"${TRACE}"`);
    expect(collector.spans.filter(({ traceId }) => traceId === TRACE).map(({ name }) => name)).toContain(
      'GET /api/v1/users/me',
    );
    expect(output).toMatch(/loaded: [1-9]/);
  }, 60_000);

  it.each([0, 503])(
    'ends as ever while the collector answers %d',
    async (status) => {
      collector.status = status;
      const { code } = await serveOnce({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
      collector.status = 200;
      expect(code).toBe(0);
    },
    60_000,
  );

  it('loads nothing of OpenTelemetry’s exporting half where there is no collector', async () => {
    const { code, output } = await serveOnce({});
    expect(code).toBe(0);
    expect(output).toContain(`"traceId":"${TRACE}"`);
    expect(output).toContain('loaded: 0');
    expect(collector.spans).toEqual([]);
  }, 60_000);
});
