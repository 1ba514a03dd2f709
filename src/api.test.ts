import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { endpointGroups } from './api';
import { openApiDocument } from './http/openapi';
import { POLICY_NAMES, settingOf } from './limits/policies';
import { SECRET_SETTINGS, settings } from './settings';
import { VERSION } from './version';

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<Record<string, Answered>>;
}

interface Answered {
  readonly $ref?: string;
  readonly headers?: object;
}

const root = join(__dirname, '..');
const document = openApiDocument(endpointGroups, VERSION) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
};
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

it('is written down in docs/openapi.json as the endpoints define it (npm run openapi)', () => {
  expect(JSON.parse(readFileSync(join(root, 'docs', 'openapi.json'), 'utf8'))).toEqual(document);
});

it('describes every endpoint once, under a name of its own', () => {
  const endpoints = endpointGroups.flatMap((group) => group.endpoints);
  expect(operations).toHaveLength(endpoints.length);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(endpoints.length);
});

it('describes the cookie of the refresh token at the calls that have to do with it, and at no other', () => {
  const named = (holds: (operation: Operation) => boolean) =>
    operations.filter(holds).map(({ operationId }) => operationId);
  const four = ['login', 'refresh', 'logout', 'verifyOtp'];
  const answers = ({ responses }: Operation) => Object.values(responses);
  expect(named(({ parameters }) => parameters?.some(({ name }) => name === 'transport') ?? false)).toEqual(
    four,
  );
  expect(named((operation) => 'Set-Cookie' in (answers(operation)[0]?.headers ?? {}))).toEqual(four);
  expect(named(({ responses }) => responses['403']?.$ref?.includes('cross_site') ?? false)).toEqual(four);
  expect(named(({ security }) => security.some((way) => 'refreshCookie' in way))).toEqual([
    'refresh',
    'logout',
  ]);
  expect(document.components.schemas['CookieTokenResponse']).not.toHaveProperty('properties.refreshToken');
});

it('refers to nothing that it does not hold', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
  expect(refs.length).toBeGreaterThan(10);
  const components: Readonly<Record<string, Readonly<Record<string, object>>>> = document.components;
  expect(refs.filter(([, kind, name]) => components[String(kind)]?.[String(name)] === undefined)).toEqual([]);
});

it('holds schemas that are JSON Schema 2020-12', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema({ $id: 'document', components: document.components });
  for (const name of Object.keys(document.components.schemas)) {
    expect(() => ajv.compile({ $ref: `document#/components/schemas/${name}` })).not.toThrow();
  }
});

describe.each(['README.md', '.env.example'])('%s', (file) => {
  const text = readFileSync(join(root, file), 'utf8');

  it.each([...Object.keys(settings.shape), ...POLICY_NAMES.map(settingOf)])('tells of %s', (name) => {
    expect(text).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('tells of no setting that there is not', () => {
    const known = new Set<string>([
      ...Object.keys(settings.shape),
      ...POLICY_NAMES.map(settingOf),
      ...SECRET_SETTINGS,
    ]);
    const told = [
      ...text.matchAll(
        /\b(?:RATE_LIMIT|OTEL|JWT|ADMIN|METRICS|BCRYPT|PASSWORD|SESSION|ACCESS|REFRESH)_[A-Z_]+\b/g,
      ),
    ];
    expect(
      told.map(([name]) => name).filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, ''))),
    ).toEqual([]);
  });
});
