import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { endpointGroups } from './api';
import { openApiDocument } from './http/openapi';
import { POLICY_NAMES, settingOf } from './limits/policies';
import { SECRET_SETTINGS, settings } from './settings';
import { VERSION } from './version';

const root = join(__dirname, '..');
const document = openApiDocument(endpointGroups, VERSION) as {
  paths: Record<string, Record<string, { operationId: string; responses: object }>>;
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

it('refers to nothing that it does not hold', () => {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    (match) => match[1],
  );
  expect(refs.length).toBeGreaterThan(10);
  expect(refs.filter((name) => document.components.schemas[String(name)] === undefined)).toEqual([]);
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
        /\b(?:RATE_LIMIT|JWT|ADMIN|METRICS|BCRYPT|PASSWORD|SESSION|ACCESS|REFRESH)_[A-Z_]+\b/g,
      ),
    ];
    expect(
      told.map(([name]) => name).filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, ''))),
    ).toEqual([]);
  });
});
