import { queryOf } from './http/endpoint';
import { AnswerDescriptions } from './testing/described-answers';
import { bodyOf, calls, endpoints, parametersOf, resolved, valuesOf } from './testing/document-examples';

const descriptions = new AnswerDescriptions();

describe.each(calls)('the examples of $name', ({ name, method, path, operation }) => {
  const endpoint = endpoints.get(name);
  const faults = (schema: { safeParse(value: unknown): { error?: Error } } | undefined, value: unknown) =>
    schema?.safeParse(value).error?.message;

  it('are what the call takes', () => {
    expect(faults(endpoint?.body, bodyOf(operation))).toBeUndefined();
    expect(faults(endpoint?.params, parametersOf(operation, 'path'))).toBeUndefined();
    const query = endpoint && queryOf(endpoint);
    expect(faults(query, parametersOf(operation, 'query'))).toBeUndefined();
    expect(faults(query, parametersOf(operation, 'query', true))).toBeUndefined();
    expect(JSON.stringify(parametersOf(operation, 'query'))).not.toContain('undefined');
  });

  it('are what the call answers, headers and all', () => {
    const route = path.replaceAll(/\{(\w+)\}/g, ':$1');
    for (const [status, reference] of Object.entries(operation.responses)) {
      const { headers = {}, content = { '': {} } } = resolved(reference);
      const sent = Object.fromEntries(
        Object.entries(headers).map(([header, value]) => [header.toLowerCase(), resolved(value).example]),
      );
      // A policy of another call, in the one example that there is.
      delete sent['ratelimit-policy'];
      for (const [type, media] of Object.entries(content)) {
        for (const value of valuesOf(media)) {
          const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
          const body = type.endsWith('ndjson') ? `${text}\n` : text;
          const answer = { method: method.toUpperCase(), route, status: Number(status), body };
          const fault = descriptions.faultOf({ ...answer, headers: { ...sent, 'content-type': type } });
          expect([status, type, fault]).toEqual([status, type, undefined]);
        }
      }
    }
  });

  it('show every problem that it can end in', () => {
    for (const reference of Object.values(operation.responses)) {
      const media = resolved(reference).content?.['application/problem+json'];
      if (media === undefined) continue;
      const shown = valuesOf(media).map((value) => (value as { code: string }).code);
      expect(shown.length).toBeGreaterThan(0);
      expect(new Set(shown)).toEqual(new Set(media.schema?.allOf?.[1]?.properties?.code.enum));
    }
  });
});
