import { type ZodType, z } from 'zod';
import type { AnyEndpoint } from './endpoint';
import type { Access } from './principal';
import { PROBLEMS, type ProblemName } from './problem';

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
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas,
    },
  };
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: [...new Set(Object.keys(PROBLEMS).map(codeOf))] },
    requestId: { type: 'string' },
    errors: {
      type: 'array',
      description: 'With 400: the members at fault',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
        required: ['path', 'message'],
      },
    },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
};

const SECURITY: Readonly<Record<Access, unknown[] | undefined>> = {
  public: [],
  optional: [{}, { bearer: [] }],
  guest: [{ bearer: [] }],
  user: [{ bearer: [] }],
};

function operation(group: EndpointGroup, endpoint: AnyEndpoint<never>, schemas: Json): Json {
  const parameters = [
    ...parametersOf('path', endpoint.params, schemas),
    ...parametersOf('query', endpoint.query, schemas),
  ];
  return {
    operationId: endpoint.name,
    summary: endpoint.summary,
    ...(endpoint.description !== undefined && { description: endpoint.description }),
    tags: [group.tag],
    security: SECURITY[endpoint.access as Access],
    ...(parameters.length > 0 && { parameters }),
    ...(endpoint.body !== undefined && {
      requestBody: {
        required: !endpoint.body.safeParse(undefined).success,
        content: { 'application/json': { schema: schemaOf(endpoint.body, 'input', schemas) } },
      },
    }),
    responses: {
      [endpoint.status]: success(group, endpoint, schemas),
      ...problems([...endpoint.errors, ...group.errors, ...errorsOf(endpoint)]),
    },
  };
}

function success(group: EndpointGroup, endpoint: AnyEndpoint<never>, schemas: Json): Json {
  const header = (description: string) => ({ description, schema: { type: 'string' } });
  return {
    description: endpoint.status === 204 ? 'Done' : endpoint.summary,
    headers: {
      'X-Request-Id': header('Names this request in logs'),
      ...(group.limited && {
        'RateLimit-Policy': header('The limits that applied: q capacity, w seconds to fill'),
        RateLimit: header('What is left: r tokens, t seconds to the next'),
      }),
    },
    ...(endpoint.response !== undefined && {
      content: {
        [endpoint.contentType ?? 'application/json']: {
          schema: schemaOf(endpoint.response, 'output', schemas),
        },
      },
    }),
  };
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
    ...(endpoint.access === 'user' ? (['forbidden'] as const) : []),
  ];
}

/** One response a status, naming the codes it can have. */
function problems(names: readonly ProblemName[]): Json {
  const byStatus = new Map<number, Set<string>>();
  for (const name of names) {
    const { status } = PROBLEMS[name];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(codeOf(name)));
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        { description: [...codes].map((code) => `\`${code}\``).join(', '), content },
      ]),
  );
}

function codeOf(name: string): string {
  const entry = PROBLEMS[name as ProblemName];
  return 'code' in entry ? entry.code : name;
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
