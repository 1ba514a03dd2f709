import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ZodType } from 'zod';
import { endpointGroups } from '../api';

interface Step {
  readonly name?: string;
  readonly method: string;
  readonly url: string;
  readonly json?: Readonly<Record<string, unknown>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const FOLDER = join(__dirname, '..', '..', 'artillery-tests', 'scenarios');

/** The calls of a flow, those inside loops too. */
function stepsOf(flow: readonly Record<string, never>[]): Step[] {
  return flow.flatMap((entry) => {
    if (entry['loop'] !== undefined) return stepsOf(entry['loop']);
    const method = METHODS.find((name) => entry[name] !== undefined);
    return method === undefined ? [] : [{ method, ...(entry[method] as unknown as object) } as Step];
  });
}

const files = readdirSync(FOLDER);
const steps = files.flatMap((file) => {
  const { scenarios } = parse(readFileSync(join(FOLDER, file), 'utf8'), { merge: true });
  return (scenarios as { flow: Record<string, never>[] }[]).flatMap(({ flow }) =>
    stepsOf(flow).map((step) => ({ ...step, file })),
  );
});

const endpoints = endpointGroups.flatMap(({ basePath, endpoints }) =>
  endpoints.map((endpoint) => ({
    endpoint,
    method: endpoint.method,
    path: new RegExp(`^${(basePath + endpoint.path).replaceAll(/:[a-z]+/gi, '[^/]+')}$`),
  })),
);

/** What a step calls. A value that is filled in stands for one part of a path. */
function endpointOf({ method, url }: Step) {
  const path = url.replaceAll(/\{\{.*?\}\}/g, 'value').split('?')[0] ?? '';
  return endpoints.find((one) => one.method === method && one.path.test(path))?.endpoint;
}

const isMistake = ({ name }: Step) => name?.startsWith('mistake') === true;
const told = ({ file, method, url }: Step & { file: string }) => `${file}: ${method} ${url}`;

describe('the scenarios of the burst tests', () => {
  it('are found, and call much of the API', () => {
    expect(files).toHaveLength(5);
    expect(new Set(steps.map((step) => endpointOf(step)?.name)).size).toBeGreaterThan(25);
  });

  it('call what there is', () => {
    expect(steps.filter((step) => !isMistake(step) && endpointOf(step) === undefined).map(told)).toEqual([]);
  });

  it('call what there is not where they say so', () => {
    expect(steps.filter((step) => isMistake(step) && endpointOf(step) !== undefined).map(told)).toEqual([]);
  });

  it('send the members that the endpoints declare', () => {
    const wrong = steps.filter((step) => {
      if (step.json === undefined) return false;
      const parsed = (endpointOf(step)?.body as ZodType | undefined)?.safeParse(step.json);
      // What is filled in is of no form yet, but it is there, and nothing else is.
      return (
        parsed === undefined ||
        parsed.error?.issues.some(({ code }) => code === 'unrecognized_keys' || code === 'invalid_type')
      );
    });
    expect(wrong.map(told)).toEqual([]);
  });
});
