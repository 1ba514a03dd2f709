import { type ZodType, z } from 'zod';
import { type AnyEndpoint, queryOf } from './endpoint';
import {
  answersOf,
  cookieHeaders,
  REFRESH_COOKIE_SCHEME,
  requestBodyOptions,
  securityOf,
} from './openapi-refresh-cookie';
import { headersOf, PROBLEM_SCHEMA, problemResponses } from './openapi-responses';
import { isAllowed } from './permissions';
import type { ProblemName } from './problem';

type Json = Record<string, unknown>;

/** Endpoints that stand below one base path, under one heading of the document. */
export interface EndpointGroup {
  readonly tag: string;
  readonly description: string;
  readonly basePath: string;
  readonly endpoints: readonly AnyEndpoint<never>[];
  /** Problems that any call of the group can meet. */
  readonly errors: readonly ProblemName[];
  /** Whether answers carry the limiter's headers. */
  readonly limited: boolean;
}

/** The OpenAPI 3.1 document of these endpoints, read from their definitions alone. */
export function openApiDocument(groups: readonly EndpointGroup[], version: string): Json {
  const schemas: Json = { Problem: PROBLEM_SCHEMA };
  const paths: Record<string, Json> = {};
  for (const group of groups) {
    for (const endpoint of group.endpoints) {
      const path = (group.basePath + endpoint.path).replaceAll(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [endpoint.method]: operation(group, endpoint, schemas) };
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tollgate',
      version,
      description: 'Accounts, sessions, one-time passwords and exact rate limits in front of your product.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This server' }],
    tags: groups.map(({ tag, description }) => ({ name: tag, description })),
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        ...REFRESH_COOKIE_SCHEME,
      },
      schemas,
    },
  };
}

function operation(group: EndpointGroup, endpoint: AnyEndpoint<never>, schemas: Json): Json {
  const parameters = [
    ...parametersOf('path', endpoint.params, schemas),
    ...parametersOf('query', queryOf(endpoint), schemas),
  ];
  return {
    operationId: endpoint.name,
    summary: endpoint.summary,
    ...(endpoint.description !== undefined && { description: endpoint.description }),
    tags: [group.tag],
    security: securityOf(endpoint),
    ...(parameters.length > 0 && { parameters }),
    ...(endpoint.body !== undefined && {
      requestBody: {
        ...requestBodyOptions(endpoint),
        content: { 'application/json': { schema: schemaOf(endpoint.body, 'input', schemas) } },
      },
    }),
    responses: {
      [endpoint.status]: {
        description: endpoint.status === 204 ? 'Done' : endpoint.summary,
        headers: headersOf({
          'X-Request-Id': 'Names this request in logs',
          ...(group.limited && LIMITER_HEADERS),
          ...cookieHeaders(endpoint),
          ...endpoint.headers,
        }),
        ...(endpoint.response !== undefined && { content: formOf(endpoint, schemas) }),
      },
      ...problemResponses(
        [...endpoint.errors, ...group.errors, ...errorsOf(endpoint)],
        endpoint.toldInForm ?? [],
        formOf(endpoint, schemas),
      ),
    },
  };
}

const LIMITER_HEADERS = {
  'RateLimit-Policy': 'The limits that applied: q capacity, w seconds to fill',
  RateLimit: 'What is left: r tokens, t seconds to the next',
  'X-RateLimit-Limit': 'Capacity of the tightest limit',
  'X-RateLimit-Remaining': 'What is left of it',
};

/** The form that an endpoint answers in: its media type and schema. */
function formOf(endpoint: AnyEndpoint<never>, schemas: Json): Json {
  const answers = answersOf(endpoint);
  if (answers === undefined) return {};
  return { [endpoint.contentType ?? 'application/json']: { schema: schemaOf(answers, 'output', schemas) } };
}

/** Problems that follow from what the endpoint takes. */
function errorsOf(endpoint: AnyEndpoint<never>): ProblemName[] {
  const authenticated = endpoint.access !== 'public';
  return [
    ...(endpoint.method === 'get' && endpoint.query === undefined ? [] : (['validation_failed'] as const)),
    ...(endpoint.method === 'get'
      ? []
      : (['malformed_json', 'payload_too_large', 'unsupported_media_type'] as const)),
    ...(authenticated ? (['unauthenticated', 'invalid_token'] as const) : []),
    ...(authenticated && !isAllowed('GUEST', endpoint.access) ? (['forbidden'] as const) : []),
    ...(endpoint.refreshToken !== undefined ? (['cross_site'] as const) : []),
    ...(endpoint.fresh === true ? (['reauthentication_required'] as const) : []),
  ];
}

function parametersOf(place: 'path' | 'query', schema: ZodType | undefined, schemas: Json): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
}

/** The JSON Schema of a zod schema; what has an id moves to the document's components. */
function schemaOf(schema: ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $schema: _, $defs = {}, ...root } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  const rewritten = (value: unknown) =>
    JSON.parse(
      JSON.stringify(value, (key, member) => {
        if (key === 'id' && typeof member === 'string') return undefined;
        // A later version may answer with more members: only what clients send is closed.
        return key === 'additionalProperties' && io === 'output' ? undefined : member;
      }).replaceAll('"#/$defs/', '"#/components/schemas/'),
    ) as Json;
  for (const [id, definition] of Object.entries($defs)) schemas[id] = rewritten(definition);
  return rewritten(root);
}
