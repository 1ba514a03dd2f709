// One entry of the collection: a request as its operation defines it, with what a step sends instead.
import { pageTests, problemTests, successTests } from './scripts.mjs';

/**
 * The item of a step of an operation. A step may name: `as`, the variable of the token (null for none); `body`, members
 * in place of the example's, or a whole one as `replaced`; `raw` and `type`, a body that is no JSON of ours; `query`,
 * `params`, `headers`; `method` and `at` (a path) in place of the operation's; `before`, lines that run first; `expect`, the
 * answer where it is not the success; `tests`, lines that run last.
 */
export function itemOf(operation, step) {
  const body = bodyOf(operation, step);
  const headers = {
    ...(body !== undefined && { 'Content-Type': step.type ?? 'application/json' }),
    ...step.headers,
  };
  return {
    name: step.name,
    event: [
      ...(step.before === undefined ? [] : [script('prerequest', step.before)]),
      script('test', [...answerTests(operation, step.expect), ...(step.tests ?? [])]),
    ],
    request: {
      method: step.method ?? operation.method,
      ...(step.expect === undefined && { description: `${operation.summary}\n\n${operation.description}` }),
      auth: authOf(operation, step),
      header: Object.entries(headers).map(([key, value]) => ({ key, value })),
      url: urlOf(operation, step),
      ...(body !== undefined && { body: { mode: 'raw', raw: body, options: { raw: { language: 'json' } } } }),
    },
    response: [],
  };
}

export function script(listen, exec) {
  return { listen, script: { type: 'text/javascript', exec } };
}

function answerTests(operation, expect) {
  if (expect === undefined) return successTests(operation);
  if (expect.page) return pageTests(expect.status);
  return problemTests(expect.status, expect.code, expect.path);
}

function bodyOf(operation, { raw, body, method }) {
  if (raw !== undefined) return raw;
  if (method !== undefined || (operation.body === undefined && body === undefined)) return undefined;
  const { replaced, ...members } = body ?? {};
  return JSON.stringify(replaced ?? { ...operation.body, ...members }, null, 2);
}

function authOf(operation, { as }) {
  const token = as === undefined && operation.needsToken ? 'userToken' : as;
  if (token === undefined || token === null) return { type: 'noauth' };
  return { type: 'bearer', bearer: [{ key: 'token', value: `{{${token}}}`, type: 'string' }] };
}

function urlOf(operation, { at, query, params }) {
  const pattern = (at ?? operation.path).replaceAll(/\{(\w+)\}/g, ':$1');
  const shown = (place, filledIn) =>
    operation.parameters
      .filter((parameter) => parameter.in === place && parameter.required === filledIn)
      .map(({ name, example }) => [name, String(example)]);
  const variable = entries({ ...Object.fromEntries(shown('path', true)), ...params });
  const asked = entries({ ...Object.fromEntries(shown('query', true)), ...query });
  const search = asked.map(({ key, value }) => `${key}=${value}`).join('&');
  return {
    raw: `{{baseUrl}}${pattern}${search === '' ? '' : `?${search}`}`,
    host: ['{{baseUrl}}'],
    path: pattern.slice(1).split('/'),
    ...(asked.length > 0 && { query: asked }),
    ...(variable.length > 0 && { variable }),
  };
}

function entries(object) {
  return Object.entries(object).map(([key, value]) => ({ key, value: String(value) }));
}
