import express, { type IRouter, type RequestHandler } from 'express';
import swaggerUi from 'swagger-ui-express';
import { refuseOtherMethods } from './mount';
import { contextOf } from './request-context';

/** What Swagger UI needs: its own scripts, its inline styles, calls to this server; nothing from elsewhere. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves Swagger UI at `/api-docs` and the document at `/api-docs/openapi.json`. */
export function mountApiDocs(router: IRouter, document: Record<string, unknown>): void {
  const options = { customSiteTitle: 'Tollgate API' };
  // Its paths are relative to a trailing slash, which would be another path here.
  const page = swaggerUi.generateHTML(document, options).replaceAll('"./', '"/api-docs/');
  const docsPolicy: RequestHandler = (_request, response, next) => {
    contextOf(response).route = '/api-docs';
    response.setHeader('Content-Security-Policy', DOCS_POLICY);
    next();
  };
  router.get('/api-docs', docsPolicy, (_request, response) => void response.type('html').send(page));
  router.get('/api-docs/openapi.json', (_request, response) => {
    contextOf(response).route = '/api-docs/openapi.json';
    response.json(document);
  });
  for (const path of ['/api-docs', '/api-docs/openapi.json'])
    refuseOtherMethods(router, path, ['GET', 'HEAD']);
  // The package serves all it holds, a page about somebody else's API among it; here only what the page loads.
  const assets = new Set(page.match(/(?<=")\/api-docs\/[^"]+/g));
  const serveFile = express.Router().use(docsPolicy, swaggerUi.serveFiles(document, options));
  router.use('/api-docs', (request, response, next) =>
    assets.has(request.baseUrl + request.path) ? serveFile(request, response, next) : next(),
  );
}
