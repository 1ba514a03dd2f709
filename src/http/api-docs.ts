import express, { type IRouter } from 'express';
import swaggerUi from 'swagger-ui-express';
import { z } from 'zod';
import type { Json } from './openapi-components';
import { contextOf } from './request-context';

/** What Swagger UI needs: its own scripts, its inline styles, calls to this server; nothing from elsewhere. */
export const DOCS_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

const OPTIONS = { customSiteTitle: 'Tollgate API' };

/** An OpenAPI document, as far as it tells of itself. */
export const openApi = z
  .looseObject({
    openapi: z.string(),
    info: z.looseObject({ title: z.string(), version: z.string() }),
    paths: z.record(z.string(), z.looseObject({})),
  })
  .meta({ examples: [{ openapi: '3.1.1', info: { title: 'Tollgate', version: '1.0.0' }, paths: {} }] });

/** The OpenAPI document, and the page of Swagger UI that shows it. */
export interface ApiDocs {
  readonly document: z.output<typeof openApi>;
  readonly page: string;
}

export function apiDocsOf(document: Json): ApiDocs {
  const page = swaggerUi
    .generateHTML(document, OPTIONS)
    .replace(/^\s*<!--.*-->\s*/, '')
    // Its paths are relative to a trailing slash, which would be another path here.
    .replaceAll('"./', '"/api-docs/');
  return { document: openApi.parse(document), page };
}

/** Serves the files that the page loads. The package holds more, a page about somebody else's API among it. */
export function mountDocsFiles(router: IRouter, { document, page }: ApiDocs): void {
  const files = new Set(page.match(/(?<=")\/api-docs\/[^"]+/g));
  const serveFile = express.Router().use(swaggerUi.serveFiles(document, OPTIONS));
  router.use('/api-docs', (request, response, next) => {
    if (!files.has(request.baseUrl + request.path)) return next();
    contextOf(response).route = '/api-docs/:file';
    response.set(DOCS_HEADERS);
    return serveFile(request, response, next);
  });
}
