import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { endpointGroups } from '../api';
import type { AnyEndpoint } from '../http/endpoint';
import { openApiDocument } from '../http/openapi';
import { POLICY_NAMES } from '../limits/policies';
import { VERSION } from '../version';
import { bodyOf, calls, resolved } from './document-examples';

interface Item {
  readonly name: string;
  readonly item?: readonly Item[];
  readonly event: readonly {
    readonly listen: string;
    readonly script: { readonly exec: readonly string[] };
  }[];
  readonly request: {
    readonly method: string;
    readonly auth: { readonly type: string };
    readonly url: { readonly raw: string; readonly variable?: readonly { key: string; value: string }[] };
    readonly body?: { readonly raw: string };
  };
}

const FOLDER = join(__dirname, '..', '..', 'postman-collections');
const MODULE = pathToFileURL(join(FOLDER, 'source', 'collection.mjs')).href;
const COLLECTION = readFileSync(join(FOLDER, 'tollgate.postman_collection.json'), 'utf8');
const ENVIRONMENT = readFileSync(join(FOLDER, 'localhost.postman_environment.json'), 'utf8');

const collection = JSON.parse(COLLECTION) as { readonly item: readonly Item[] };
const environment = JSON.parse(ENVIRONMENT) as {
  readonly values: readonly { readonly key: string; readonly value: string }[];
};

const requestsIn = (items: readonly Item[]): Item[] =>
  items.flatMap((one) => (one.item === undefined ? [one] : requestsIn(one.item)));
const requests = requestsIn(collection.item);

const scriptOf = ({ event }: Item, listen: string) =>
  event
    .filter((one) => one.listen === listen)
    .flatMap(({ script }) => script.exec)
    .join('\n');

/** The call that a request is meant for; undefined for paths and methods that there are not. */
function callOf({ request }: Item) {
  const path = request.url.raw
    .replace('{{baseUrl}}', '')
    .replace(/\?.*/, '')
    .replaceAll(/:(\w+)/g, '{$1}');
  return calls.find((call) => call.path === path && call.method.toUpperCase() === request.method);
}

/** What a request wants to be answered: the title of its first test says it, and nothing but what the test holds. */
function expectedOf(item: Item) {
  const [, status, what] = /^pm\.test\('(\d{3})(?: (\S+))?', /m.exec(scriptOf(item, 'test')) ?? [];
  return { status: Number(status), what };
}

describe('the Postman collection', () => {
  it('is written down as the endpoints define it, to the byte (npm run postman)', () => {
    const program = `
      import { readFileSync } from 'node:fs';
      import { localEnvironment, postmanCollection } from ${JSON.stringify(MODULE)};
      const document = JSON.parse(readFileSync(0, 'utf8'));
      const texts = [postmanCollection(document), localEnvironment()].map((content) => JSON.stringify(content, null, 2) + '\\n');
      process.stdout.write(JSON.stringify(texts));
    `;
    const written = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      input: JSON.stringify(openApiDocument(endpointGroups, VERSION)),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: 20_000,
    });
    expect(JSON.parse(written)).toEqual([COLLECTION, ENVIRONMENT]);
  });

  it('has the folders that people look for', () => {
    expect(collection.item.map(({ name }) => name)).toEqual([
      ...['start', 'auth', 'otp', 'users', 'admin', 'limits', 'links', 'system'],
      'wrong methods',
    ]);
  });

  it.each(calls)('asks $name for its success, with what its definition asks for', ({ name, operation }) => {
    const status = Object.keys(operation.responses).find((code) => Number(code) < 400);
    const asked = requests.filter((item) => callOf(item)?.name === name);
    const successes = asked.filter((item) => expectedOf(item).status === Number(status));
    expect(successes.length).toBeGreaterThan(0);
    const members = Object.keys((bodyOf(operation) as object | undefined) ?? {});
    if (members.length === 0) return;
    // Sent once as the document shows it, values aside.
    const bodies = successes.map(({ request }) => Object.keys(JSON.parse(request.body?.raw || '{}')));
    expect(bodies).toContainEqual(members);
  });

  it('meets every problem that the document names, but for those that nobody can bring about', () => {
    const named = calls.flatMap(({ name, operation }) =>
      Object.values(operation.responses).flatMap((response) => {
        const { schema } = resolved(response).content?.['application/problem+json'] ?? {};
        return (schema?.allOf?.[1]?.properties?.code.enum ?? []).map((code) => `${name} ${code}`);
      }),
    );
    const met = new Set(requests.map((item) => `${callOf(item)?.name} ${expectedOf(item).what}`));
    const missing = named.filter((one) => !met.has(one));
    // A fault of ours; a dependency that is away; the global limit; another address; a session of 15 minutes ago.
    const beyondReach =
      / (internal_error|dependency_unavailable|overloaded|rate_limited|address_not_allowed|reauthentication_required)$/;
    expect(missing.filter((one) => !beyondReach.test(one))).toEqual([
      // Only where METRICS_TOKEN is set.
      'metrics unauthenticated',
      'metrics invalid_token',
    ]);
  });

  it('meets every page of trouble, and a path that there is not', () => {
    const pages = calls.filter(
      ({ operation }) => resolved(operation.responses['400'] ?? {}).content?.['text/html'],
    );
    const met = requests.filter(
      (item) => expectedOf(item).status === 400 && expectedOf(item).what === 'text/html',
    );
    expect(new Set(met.map((item) => callOf(item)?.name))).toEqual(new Set(pages.map(({ name }) => name)));
    expect(pages).toHaveLength(4);
    expect(
      requests.filter((item) => callOf(item) === undefined && expectedOf(item).status === 404),
    ).toHaveLength(3);
  });

  it('meets every limit that refuses a call, but for the global one, and sets each back', () => {
    const changes = requests
      .filter((item) => callOf(item)?.name === 'changeLimit' && expectedOf(item).status === 200)
      .map(({ request }) => ({
        policy: request.url.variable?.[0]?.value,
        back: (JSON.parse(request.body?.raw ?? '') as { capacity?: unknown }).capacity === null,
      }));
    const refusing = POLICY_NAMES.filter((policy) => policy !== 'global' && policy !== 'mail').sort();
    expect([...new Set(changes.map(({ policy }) => policy))].sort()).toEqual(refusing);
    for (const policy of refusing) {
      expect(changes.findLast((change) => change.policy === policy)).toEqual({ policy, back: true });
    }
    const over = requests.filter((item) => expectedOf(item).what === 'rate_limited');
    expect(over).toHaveLength(refusing.length);
  });

  it('asks each path for a method that it does not have', () => {
    const wrong = requests.filter((item) => expectedOf(item).what === 'method_not_allowed');
    expect(wrong.map(callOf)).toEqual(wrong.map(() => undefined));
    expect(wrong).toHaveLength(new Set(calls.map(({ path }) => path)).size);
  });

  it('tests every answer, and every request says how it authenticates', () => {
    const silent = requests.filter((item) => Number.isNaN(expectedOf(item).status));
    expect(silent.map(({ name }) => name)).toEqual([]);
    expect(requests.every(({ request }) => ['noauth', 'bearer'].includes(request.auth.type))).toBe(true);
  });

  it('tests no list one by one that may be empty, and of each further page that it is another', () => {
    const tests = requests.flatMap((item) =>
      scriptOf(item, 'test')
        .split(/^(?=pm\.test\()/m)
        .map((test) => [item.name, test] as const),
    );
    const loops = tests.filter(([, test]) => /\bfor \(/.test(test));
    const idle = loops.filter(([, test]) => !test.includes('.to.not.be.empty'));
    expect(idle.map(([name]) => name)).toEqual([]);
    expect(loops.length).toBeGreaterThan(2);
    const further = requests.filter(({ request }) => request.url.raw.includes('cursor='));
    expect(further.map((item) => scriptOf(item, 'test').includes("pm.test('is another page'"))).toEqual([
      true,
      true,
    ]);
  });

  it('holds scripts that are JavaScript', () => {
    for (const item of requests) {
      for (const listen of ['prerequest', 'test']) {
        expect(() => new Script(`(() => {${scriptOf(item, listen)}\n})`)).not.toThrow();
      }
    }
  });

  it('uses no variable that is not in the environment or kept by a request before it', () => {
    const known = new Set([...environment.values.map(({ key }) => key), 'notAToken']);
    const unknown = requests.flatMap((item) => {
      for (const [, name] of scriptOf(item, 'prerequest').matchAll(/ariables\.set\('(\w+)'/g))
        known.add(String(name));
      const used = [...JSON.stringify(item.request).matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) =>
        String(name),
      );
      const fault = used.filter((name) => !known.has(name)).map((name) => `${item.name}: ${name}`);
      for (const [, name] of scriptOf(item, 'test').matchAll(/ariables\.set\('(\w+)'/g))
        known.add(String(name));
      return fault;
    });
    expect(unknown).toEqual([]);
  });

  it('holds no secret: whoever runs it gives the password of the admin', () => {
    expect(environment.values.find(({ key }) => key === 'adminPassword')).toMatchObject({
      type: 'secret',
      value: '',
    });
  });
});

/** The endpoint values stand behind the document: none is missing from it. */
it('knows of every endpoint', () => {
  const endpoints: readonly AnyEndpoint<never>[] = endpointGroups.flatMap((group) => group.endpoints);
  expect(new Set(requests.map((item) => callOf(item)?.name).filter(Boolean))).toEqual(
    new Set(endpoints.map(({ name }) => name)),
  );
});
