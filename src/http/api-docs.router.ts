import { z } from 'zod';
import { type ApiDocs, DOCS_HEADERS, openApi } from './api-docs';
import { type AnyEndpoint, endpoint } from './endpoint';

interface ApiDocsServices {
  readonly apiDocs: ApiDocs;
}

const page = z
  .string()
  .meta({ examples: ['<!DOCTYPE html><html lang="en"><div id="swagger-ui"></div></html>'] });

/** The documentation: no token, no limit. */
export const apiDocsEndpoints: readonly AnyEndpoint<ApiDocsServices>[] = [
  endpoint({
    method: 'get',
    path: '/api-docs',
    name: 'apiDocs',
    summary: 'Swagger UI, to read about every call and to try it',
    access: 'public',
    status: 200,
    response: page,
    contentType: 'text/html',
    errors: [],
    handler: async ({ apiDocs }: ApiDocsServices) => ({ body: apiDocs.page, headers: DOCS_HEADERS }),
  }),
  endpoint({
    method: 'get',
    path: '/api-docs/openapi.json',
    name: 'openApiDocument',
    summary: 'The OpenAPI document',
    access: 'public',
    status: 200,
    response: openApi,
    errors: [],
    handler: async ({ apiDocs }: ApiDocsServices) => ({ body: apiDocs.document }),
  }),
];
