import { randomBytes } from 'node:crypto';
import { type BuiltService, freePort, runBuilt } from './testing/built-service';
import { createTestDatabase } from './testing/test-database';
import { testRedisUrl } from './testing/test-redis';

const secret = () => randomBytes(48).toString('base64url');

describe('the production entry', () => {
  it('refuses to start without its settings, and names them all at once', async () => {
    const service = runBuilt('main.js', { NODE_ENV: 'production', JWT_SECRET: 'secret' });
    expect(await service.ended).toBe(1);
    for (const name of [
      'DATABASE_URL',
      'REDIS_URL',
      'SMTP_URL',
      'BASE_URL',
      'SECRET_KEYS',
      'PASSWORD_PEPPER',
      'METRICS_TOKEN',
      'JWT_SECRET',
    ]) {
      expect(service.output()).toContain(`- ${name}: `);
    }
    expect(service.output()).not.toContain('    at ');
  });

  const redisUrl = testRedisUrl();
  if (redisUrl === undefined) return;

  describe('with two workers', () => {
    let service: BuiltService;
    let base: string;
    let database: Awaited<ReturnType<typeof createTestDatabase>>;
    const metricsToken = secret();

    beforeAll(async () => {
      database = await createTestDatabase();
      const port = String(await freePort());
      base = `http://127.0.0.1:${port}`;
      service = runBuilt('main.js', {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: port,
        BASE_URL: base,
        DATABASE_URL: database.url,
        REDIS_URL: redisUrl,
        SMTP_URL: 'smtp://127.0.0.1:1',
        JWT_SECRET: secret(),
        SECRET_KEYS: secret(),
        PASSWORD_PEPPER: secret(),
        METRICS_TOKEN: metricsToken,
        ADMIN_EMAIL: 'ops@example.org',
        ADMIN_PASSWORD: secret(),
        BCRYPT_COST: '10',
        WEB_CONCURRENCY: '2',
      });
      await service.printed('"msg":"serving"');
    }, 60_000);
    afterAll(async () => {
      service.child.kill('SIGKILL');
      await database.drop();
    });

    it('sums the workers’ metrics, answers by either, and ends at SIGTERM with code 0', async () => {
      for (let call = 0; call < 20; call++) expect((await fetch(`${base}/health/live`)).status).toBe(200);
      const scrape = await fetch(`${base}/metrics`, { headers: { Authorization: `Bearer ${metricsToken}` } });
      const counted = /http_request_duration_seconds_count\{[^}]*route="\/health\/live"[^}]*\} (\d+)/.exec(
        await scrape.text(),
      );
      expect(counted?.[1]).toBe('20');
      service.child.kill('SIGTERM');
      expect(await service.ended).toBe(0);
    }, 30_000);
  });
});
