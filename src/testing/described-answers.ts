import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import type { Json } from '../http/openapi-components';

const DOCUMENT = join(__dirname, '..', '..', 'docs', 'openapi.json');

/** An answer of the service. */
export interface GivenAnswer {
  /** As it was asked, in capitals. */
  readonly method: string;
  /** The pattern that took it, as in logs; `unmatched` where none did. */
  readonly route: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

interface Operation {
  readonly responses: Readonly<Record<string, Described>>;
  readonly 'x-rate-limits': readonly { readonly policy: string }[];
}

interface Described {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

interface Header {
  readonly $ref?: string;
  readonly required?: boolean;
  readonly schema?: { readonly type?: string; readonly pattern?: string };
}

/** `docs/openapi.json` as the measure of answers; `npm run openapi` writes it. */
export class AnswerDescriptions {
  readonly #document = closed(JSON.parse(readFileSync(DOCUMENT, 'utf8'))) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  /** By where in the document the schema is. */
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #patterns = new Map<string, RegExp>();
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });

  constructor() {
    this.#ajv.addSchema(this.#document, 'document');
  }

  /** The route that takes a path, as the document tells: a path of words before one with parameters. */
  routeOf(path: string): string {
    const { paths } = this.#document;
    if (paths[path] !== undefined) return path;
    const parts = path.split('/');
    const fits = (template: string) => {
      const names = template.split('/');
      return (
        names.length === parts.length && names.every((name, at) => name.startsWith('{') || name === parts[at])
      );
    };
    return Object.keys(paths).find(fits) ?? 'unmatched';
  }

  /** What of an answer the document does not say; undefined where it says it all. */
  faultOf(answer: GivenAnswer): string | undefined {
    const path = answer.route.replaceAll(/:(\w+)/g, '{$1}');
    const asked = answer.method === 'HEAD' ? 'get' : answer.method.toLowerCase();
    const operation = this.#document.paths[path]?.[asked];
    if (operation === undefined) return this.#faultBeside(answer, path);
    const response = operation.responses[answer.status];
    if (response === undefined) return `status ${answer.status} ${answer.body}`;
    const [at, described] = this.#resolved(
      response,
      pointer('paths', path, asked, 'responses', `${answer.status}`),
    );
    return (
      this.#headerFault(answer, described) ??
      limitFault(answer, operation) ??
      this.#contentFault(answer, described, at)
    );
  }

  /** What no operation is asked for ends in a problem, but for a preflight and the files of Swagger UI. */
  #faultBeside({ method, route, status, headers, body }: GivenAnswer, path: string): string | undefined {
    if (status < 400) {
      return method === 'OPTIONS' || route === '/api-docs/:file' ? undefined : 'a success of no operation';
    }
    if (status === 405 && headers['allow'] === undefined) return '405 without Allow';
    // Whoever tries methods is limited as well.
    if (status === 429 && headers['retry-after'] === undefined) return '429 without Retry-After';
    if (this.#document.paths[path] !== undefined && ![405, 429].includes(status)) {
      return `status ${status} of no operation`;
    }
    return method === 'HEAD' ? undefined : this.#bodyFault(body, 'json', '#/components/schemas/Problem');
  }

  #headerFault({ headers }: GivenAnswer, described: Described): string | undefined {
    for (const [name, header] of Object.entries(described.headers ?? {})) {
      const [, { required, schema }] = this.#resolved(header, '');
      const value = headers[name.toLowerCase()];
      if (value === undefined) {
        if (required) return `no ${name}`;
        continue;
      }
      const pattern = schema?.type === 'integer' ? '^\\d+$' : schema?.pattern;
      if (pattern !== undefined && !this.#pattern(pattern).test(String(value))) return `${name}: ${value}`;
    }
    return undefined;
  }

  #contentFault({ method, headers, body }: GivenAnswer, described: Described, at: string) {
    const type = essence(headers['content-type']);
    const key = Object.keys(described.content ?? {}).find((known) => essence(known) === type);
    if (described.content === undefined) return body === '' ? undefined : `a body: ${body}`;
    if (key === undefined) return `content type ${type}`;
    if (method === 'HEAD') return undefined;
    return this.#bodyFault(body, type, `${at}${pointer('content', key, 'schema').slice(1)}`);
  }

  #bodyFault(body: string, type: string, at: string): string | undefined {
    const validate = this.#validator(at);
    const values = type.endsWith('ndjson') ? body.split('\n').slice(0, -1) : [body];
    for (const value of values) {
      if (!validate(type.endsWith('json') ? parsed(value) : value)) {
        return `${this.#ajv.errorsText(validate.errors)}: ${value}`;
      }
    }
    return undefined;
  }

  #pattern(source: string): RegExp {
    const known = this.#patterns.get(source) ?? new RegExp(source, 'u');
    this.#patterns.set(source, known);
    return known;
  }

  #validator(at: string): ValidateFunction {
    const known = this.#validators.get(at) ?? this.#ajv.compile({ $ref: `document${at}` });
    this.#validators.set(at, known);
    return known;
  }

  #resolved<T extends { readonly $ref?: string }>(part: T, at: string): [string, T] {
    if (part.$ref === undefined) return [at, part];
    const found = part.$ref
      .slice(2)
      .split('/')
      .reduce((value: unknown, name) => (value as Json)[name], this.#document);
    return [part.$ref, found as T];
  }
}

/** A policy that the answer names, and its call does not. */
function limitFault({ headers }: GivenAnswer, operation: Operation): string | undefined {
  const named = [...String(headers['ratelimit-policy'] ?? '').matchAll(/"([^"]+)"/g)].map(([, name]) => name);
  const stray = named.find((name) => operation['x-rate-limits'].every(({ policy }) => policy !== name));
  return stray && `the limit ${stray}`;
}

/** A later version may say more than the document; this one may not. */
function closed(value: unknown, partOfAll = false): unknown {
  if (Array.isArray(value)) return value.map((item) => closed(item, partOfAll));
  if (typeof value !== 'object' || value === null) return value;
  const object = Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, closed(member, key === 'allOf' || key === 'Problem')]),
  );
  const ofMembers = 'properties' in value || ('allOf' in value && !('type' in value));
  return ofMembers && !partOfAll && !('additionalProperties' in value)
    ? { ...object, unevaluatedProperties: false }
    : object;
}

function essence(contentType: unknown): string {
  return String(contentType ?? '')
    .split(';', 1)
    .join('')
    .trim()
    .toLowerCase();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 6901, as a fragment. */
function pointer(...names: readonly string[]): string {
  const escaped = names.map((name) =>
    encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1')).replaceAll('%7E', '~'),
  );
  return `#/${escaped.join('/')}`;
}
