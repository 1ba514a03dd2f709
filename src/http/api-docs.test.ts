import request from 'supertest';
import { outcomeOf } from '../testing/answers';
import { createTestApp, type TestApp } from '../testing/test-app';

describe('the documentation', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it('is one page, with every file that it loads', async () => {
    const page = await request(test.app).get('/api-docs');
    expect(page.status).toBe(200);
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path));
    expect(files).toContain('/api-docs/swagger-ui-init.js');
    for (const path of files) {
      expect(path).toMatch(/^\/api-docs\/[\w.-]+$/);
      const file = await request(test.app).get(path);
      expect([path, file.status]).toEqual([path, 200]);
      expect(file.headers['content-security-policy']).toContain("script-src 'self'");
    }
  });

  it('asks Swagger UI to keep no token beyond the page', async () => {
    const { text } = await request(test.app).get('/api-docs/swagger-ui-init.js');
    expect(text).toContain('SwaggerUIBundle(');
    expect(text).not.toContain('persistAuthorization');
  });

  it.each([
    '/api-docs/',
    '/API-docs',
    '/api-docs/index.html',
    '/api-docs/swagger-initializer.js',
    '/api-docs/oauth2-redirect.html',
    '/api-docs/package.json',
    '/api-docs//swagger-ui.css',
    '/api-docs/x/swagger-ui-init.js',
    '/api-docs/%2e%2e/package.json',
  ])('shows nothing else of the package: %s is not there', async (path) => {
    expect(outcomeOf(await request(test.app).get(path))).toBe('404 not_found');
  });

  it.each(['/api-docs', '/api-docs/openapi.json'])('is to be read only: POST %s is 405', async (path) => {
    const response = await request(test.app).post(path);
    expect(outcomeOf(response)).toBe('405 method_not_allowed');
    expect(response.headers['allow']).toBe('GET, HEAD');
  });
});
