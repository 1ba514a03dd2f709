import { endpointGroups } from '../api';
import type { AnyEndpoint } from '../http/endpoint';
import { openApiDocument } from '../http/openapi';
import { VERSION } from '../version';

/** The calls of the OpenAPI document, and what they show as examples. */

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': Media } };
  readonly responses: Readonly<Record<string, Answered>>;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly example?: unknown;
  readonly schema: { readonly examples?: readonly unknown[] };
}

interface Media {
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, Shown>>;
  readonly schema?: { readonly allOf?: readonly { readonly properties?: { readonly code: Codes } }[] };
}

interface Codes {
  readonly enum: readonly string[];
}

interface Shown {
  readonly $ref?: string;
  readonly value?: unknown;
}

interface Answered {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, { readonly $ref?: string; readonly example?: unknown }>>;
  readonly content?: Readonly<Record<string, Media>>;
}

const document = openApiDocument(endpointGroups, VERSION) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
export const calls = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    name: operation.operationId,
    method,
    path,
    operation,
  })),
);
/** By their names. */
export const endpoints: ReadonlyMap<string, AnyEndpoint<never>> = new Map(
  endpointGroups.flatMap((group) => group.endpoints).map((endpoint) => [endpoint.name, endpoint]),
);

/** The example of each parameter; `filledIn` for those alone that Swagger UI fills in. */
export function parametersOf({ parameters = [] }: Operation, place: 'path' | 'query', filledIn = false) {
  return Object.fromEntries(
    parameters
      .filter((parameter) => parameter.in === place && (!filledIn || parameter.example !== undefined))
      .map(({ name, example, schema }) => [name, String(example ?? schema.examples?.[0])]),
  );
}

/** The example of the body; undefined where none is taken. */
export const bodyOf = ({ requestBody }: Operation) => requestBody?.content['application/json'].example;

/** The examples of a media type. */
export function valuesOf({ example, examples }: Media): unknown[] {
  if (examples !== undefined) return Object.values(examples).map((shown) => resolved(shown).value);
  return [example];
}

/** What is meant, where it is a reference. */
export function resolved<T extends { readonly $ref?: string }>(part: T): T {
  if (part.$ref === undefined) return part;
  const names = part.$ref.slice(2).split('/');
  return names.reduce((value: unknown, name) => (value as Record<string, unknown>)[name], document) as T;
}
