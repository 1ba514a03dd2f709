import type { ZodType } from 'zod';
import { type AnyEndpoint, queryOf } from './endpoint';
import { Components, type Json } from './openapi-components';
import { exampleOf, mediaExamples, troubleExample } from './openapi-examples';
import { headersOf, ownHeaders } from './openapi-headers';
import { limitsMember, limitsText, policiesOf } from './openapi-limits';
import { answersOf, cookieHeaders, requestBodyOptions } from './openapi-refresh-cookie';
import { problemResponses } from './openapi-responses';
import { SECURITY_SCHEMES, securityOf } from './openapi-security';
import { isAllowed } from './permissions';
import type { ProblemName } from './problem';

/** Endpoints that stand below one base path, under one heading of the document. */
export interface EndpointGroup {
  readonly tag: string;
  readonly description: string;
  readonly basePath: string;
  readonly endpoints: readonly AnyEndpoint<never>[];
  /** Problems that any call of the group can meet. */
  readonly errors: readonly ProblemName[];
  /** Whether calls are charged to the global limit, and answers carry the limiter's headers. */
  readonly limited: boolean;
  /** Whether the token of monitors lets in, and no other. */
  readonly byMetricsToken?: boolean;
}

/** The OpenAPI 3.1 document of these endpoints, read from their definitions alone. */
export function openApiDocument(groups: readonly EndpointGroup[], version: string): Json {
  const components = new Components();
  const paths: Record<string, Json> = {};
  for (const group of groups) {
    for (const endpoint of group.endpoints) {
      const path = (group.basePath + endpoint.path).replaceAll(/:(\w+)/g, '{$1}');
      paths[path] = { ...paths[path], [endpoint.method]: operation(group, endpoint, components) };
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
    tags: [...new Map(groups.map(({ tag, description }) => [tag, { name: tag, description }])).values()],
    paths,
    components: { securitySchemes: SECURITY_SCHEMES, ...components },
  };
}

function operation(group: EndpointGroup, endpoint: AnyEndpoint<never>, components: Components): Json {
  const parameters = [
    ...parametersOf('path', endpoint.params, components),
    ...parametersOf('query', queryOf(endpoint), components),
  ];
  const policies = policiesOf(endpoint, group.limited);
  return {
    operationId: endpoint.name,
    summary: endpoint.summary,
    description: [endpoint.description, limitsText(policies)].filter(Boolean).join('\n\n'),
    tags: [group.tag],
    security: securityOf(endpoint, group),
    ...limitsMember(policies),
    ...(parameters.length > 0 && { parameters }),
    ...(endpoint.body !== undefined && {
      requestBody: {
        ...requestBodyOptions(endpoint),
        content: { 'application/json': sent(components.schemaOf(endpoint.body, 'input'), components) },
      },
    }),
    responses: {
      [endpoint.status]: {
        description: endpoint.status === 204 ? 'Done' : endpoint.summary,
        headers: {
          ...headersOf(endpoint.status, group.limited, components),
          ...ownHeaders({ ...cookieHeaders(endpoint), ...endpoint.headers }),
        },
        ...(endpoint.response !== undefined && { content: formOf(endpoint, mediaExamples, components) }),
      },
      ...problemResponses(
        [...endpoint.errors, ...group.errors, ...errorsOf(endpoint)],
        { problems: endpoint.toldInForm ?? [], content: formOf(endpoint, troubleExample, components) },
        components,
      ),
    },
  };
}

function sent(schema: Json, components: Components): Json {
  return { schema, example: exampleOf(schema, components) };
}

/** The form that an endpoint answers in: its media type, schema and example. */
function formOf(
  endpoint: AnyEndpoint<never>,
  examples: (schema: Json, components: Components) => Json,
  components: Components,
): Json {
  const answers = answersOf(endpoint);
  if (answers === undefined) return {};
  const schema = components.schemaOf(answers, 'output');
  return { [endpoint.contentType ?? 'application/json']: { schema, ...examples(schema, components) } };
}

/** Problems that follow from what the endpoint takes, by the order of checks. */
function errorsOf(endpoint: AnyEndpoint<never>): ProblemName[] {
  const authenticated = endpoint.access !== 'public';
  return [
    ...(takesAnything(endpoint) ? [] : (['validation_failed'] as const)),
    ...(endpoint.method === 'get'
      ? []
      : (['malformed_json', 'payload_too_large', 'unsupported_media_type'] as const)),
    ...(authenticated ? (['unauthenticated', 'invalid_token'] as const) : []),
    ...(authenticated && !isAllowed('GUEST', endpoint.access) ? (['forbidden'] as const) : []),
    ...(endpoint.refreshToken !== undefined ? (['cross_site'] as const) : []),
    ...(endpoint.fresh === true ? (['reauthentication_required'] as const) : []),
    ...(endpoint.params !== undefined ? (['not_found'] as const) : []),
  ];
}

/** Nothing is wrong with any query, and a body is not looked at. */
function takesAnything({ method, query }: AnyEndpoint<never>): boolean {
  return method === 'get' && query !== undefined && query.safeParse({ stray: '' }).success;
}

/**
 * Parameters with their examples. What has to be sent shows its example as one of the parameter, by which Swagger UI fills
 * it in; anything else in its schema alone, so that a call goes out as it is shown.
 */
function parametersOf(place: 'path' | 'query', schema: ZodType | undefined, components: Components): Json[] {
  if (schema === undefined) return [];
  const root = components.schemaOf(schema, 'input');
  const { properties = {}, required = [] } = root as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const needed = !schema.safeParse({}).success;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(needed
      ? { schema: property, example: exampleOf(property, components) }
      : { schema: { examples: [exampleOf(property, components)], ...property } }),
  }));
}
