import { PROBLEMS, type ProblemName } from './problem';

type Json = Record<string, unknown>;

/** RFC 9457 problem details as a component of the document. */
export const PROBLEM_SCHEMA = {
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

/** Headers that come with a status. */
const STATUS_HEADERS: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'WWW-Authenticate': 'RFC 6750' },
  429: { 'Retry-After': 'Seconds, after which one try is admitted' },
  503: { 'Retry-After': 'Seconds' },
};

/** Headers of a response, by what they say. */
export function headersOf(descriptions: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(descriptions).map(([name, description]) => [
      name,
      { description, schema: { type: 'string' } },
    ]),
  );
}

/** One response a status, naming the codes it can have: as problem details, or in the endpoint's own form. */
export function problemResponses(
  names: readonly ProblemName[],
  inForm: readonly ProblemName[],
  form: Json,
): Json {
  const byStatus = new Map<number, { codes: Set<string>; content: Json }>();
  const add = (name: ProblemName, content: Json) => {
    const { status } = PROBLEMS[name];
    const response = byStatus.get(status) ?? { codes: new Set(), content: {} };
    byStatus.set(status, {
      codes: response.codes.add(codeOf(name)),
      content: { ...response.content, ...content },
    });
  };
  for (const name of names) {
    add(name, { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
  }
  for (const name of inForm) add(name, form);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, { codes, content }]) => {
        const headers = STATUS_HEADERS[status];
        const description = [...codes].map((code) => `\`${code}\``).join(', ');
        return [status, { description, ...(headers && { headers: headersOf(headers) }), content }];
      }),
  );
}

function codeOf(name: string): string {
  const entry = PROBLEMS[name as ProblemName];
  return 'code' in entry ? entry.code : name;
}
