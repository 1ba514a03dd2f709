import type { Components, Json } from './openapi-components';
import { headersOf } from './openapi-headers';
import { PROBLEMS, Problem, type ProblemExtras, type ProblemName, problemBody } from './problem';

const ALL = Object.keys(PROBLEMS) as ProblemName[];

/** RFC 9457 problem details. */
const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: codesOf(ALL) },
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

/** What one of these says beyond its title. */
const EXTRAS: Readonly<Partial<Record<ProblemName, ProblemExtras>>> = {
  validation_failed: { errors: [{ path: 'nickname', message: 'is not a member of this call' }] },
  rate_limited: { detail: 'Too many requests. Try again in 3 s.' },
};

/** How an endpoint tells of a problem in its own form: the media type, and what stands for it. */
export interface OwnForm {
  readonly problems: readonly ProblemName[];
  readonly content: Json;
}

/** One response a status, naming the codes it can have: as problem details, or in the endpoint's own form. */
export function problemResponses(names: readonly ProblemName[], own: OwnForm, components: Components): Json {
  const statuses = new Set([...names, ...own.problems].map((name) => PROBLEMS[name].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const ofStatus = ALL.filter((name) => PROBLEMS[name].status === status);
      const told = ofStatus.filter((name) => names.includes(name));
      const inForm = ofStatus.filter((name) => own.problems.includes(name));
      const response = {
        description: codesOf([...inForm, ...told])
          .map((code) => `\`${code}\``)
          .join(', '),
        headers: headersOf(status, status === 429, components),
        content: {
          ...(told.length > 0 && { 'application/problem+json': problems(status, told, components) }),
          ...(inForm.length > 0 && own.content),
        },
      };
      // Most are the same at many calls.
      return [status, inForm.length > 0 ? response : components.refer('responses', told.join('.'), response)];
    }),
  );
}

function problems(status: number, names: readonly ProblemName[], components: Components): Json {
  return {
    schema: {
      allOf: [
        components.refer('schemas', 'Problem', PROBLEM_SCHEMA),
        {
          type: 'object',
          properties: { status: { const: status }, code: { enum: codesOf(names) } },
          ...(status === 400 && { required: ['errors'] }),
        },
      ],
    },
    examples: Object.fromEntries(names.map((name) => [name, problemExample(name, components)])),
  };
}

function problemExample(name: ProblemName, components: Components): Json {
  const problem = new Problem(name, EXTRAS[name]);
  return components.refer('examples', name, {
    summary: problem.title,
    value: problemBody(problem, '1f0a7c3e-5b0d-4d52-9a55-0d6f2f6f6a11'),
  });
}

function codesOf(names: readonly ProblemName[]): string[] {
  const codes = names.map((name) => {
    const entry = PROBLEMS[name];
    return 'code' in entry ? entry.code : name;
  });
  return [...new Set(codes)];
}
