// What an operation refuses by its definition alone: for each problem of the order of checks that the document names, a request
// that meets it. None of them changes anything.
import { makeTooLarge } from './scripts.mjs';

const UNKNOWN_ID = '01981b5e-7c3a-7d52-9a55-0d6f2f6f6a11';

/** Steps that end in these problems. */
export function refusalsOf(operation) {
  const as = tokenOf(operation);
  const params = paramsOf(operation);
  return Object.entries(REFUSALS)
    .filter(([code, { unless }]) => operation.problems.includes(code) && !unless?.(operation))
    .map(([code, { status, step, path }]) => ({
      name: `${operation.name}: ${status} ${code}`,
      as,
      params,
      ...step(operation),
      expect: { status, code, ...(path !== undefined && { path }) },
    }));
}

const REFUSALS = {
  unauthenticated: { status: 401, step: () => ({ as: null }), unless: byMetricsToken },
  invalid_token: { status: 401, step: () => ({ as: 'notAToken' }), unless: byMetricsToken },
  forbidden: {
    status: 403,
    step: ({ name, tag }) =>
      name === 'check'
        ? { as: 'userToken', query: { role: 'ADMIN' } }
        : { as: tag === 'admin' ? 'userToken' : 'guestToken' },
  },
  cross_site: {
    status: 403,
    step: () => ({ query: { transport: 'cookie' }, headers: { Origin: 'https://elsewhere.example' } }),
  },
  unsupported_media_type: { status: 415, step: () => ({ type: 'text/plain', raw: 'just words' }) },
  payload_too_large: {
    status: 413,
    step: () => ({ before: makeTooLarge, raw: '{"tooLarge": "{{tooLarge}}"}' }),
  },
  malformed_json: { status: 400, step: () => ({ raw: '{"half": ' }) },
  validation_failed: {
    status: 400,
    path: 'stray',
    step: ({ method, body }) =>
      method === 'GET' ? { query: { stray: 'yes' } } : { body: { ...body, stray: true } },
  },
  not_found: {
    status: 404,
    step: ({ name }) => (name === 'changeLimit' ? { params: { policy: 'no-such-limit' } } : {}),
  },
};

/** Asked for only where `METRICS_TOKEN` is set, and in development it is not. */
function byMetricsToken({ name }) {
  return name === 'metrics';
}

/** Whoever may call it. */
function tokenOf({ needsToken, tag }) {
  if (!needsToken) return null;
  return tag === 'admin' ? 'adminToken' : 'userToken';
}

function paramsOf({ parameters }) {
  return parameters.some((parameter) => parameter.in === 'path' && parameter.name === 'id')
    ? { id: UNKNOWN_ID }
    : undefined;
}

/** For each path a method that none of its operations has. */
export function wrongMethods(operations) {
  const byPath = new Map();
  for (const operation of operations.values()) {
    byPath.set(operation.path, [...(byPath.get(operation.path) ?? []), operation]);
  }
  return [...byPath.values()].map((ofPath) => {
    const taken = ofPath.map(({ method }) => method);
    const method = ['PUT', 'PATCH', 'DELETE'].find((one) => !taken.includes(one));
    const [operation] = ofPath;
    const allowed = taken.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]));
    return {
      operation,
      step: {
        name: `${method} ${operation.path}: 405 method_not_allowed`,
        method,
        as: null,
        params: paramsOf(operation),
        expect: { status: 405, code: 'method_not_allowed' },
        tests: [
          `pm.test('allows ${allowed.join(', ')}', () => {`,
          `  pm.expect(pm.response.headers.get('Allow').split(', ')).to.have.members(${JSON.stringify(allowed)});`,
          `});`,
        ],
      },
    };
  });
}
