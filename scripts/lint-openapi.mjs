// npm run lint:openapi: holds docs/openapi.json against Redocly's recommended rules. A warning counts as much as an error.
// Nothing is asked of the network: the document refers to itself alone.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createConfig, lintFromString } from '@redocly/openapi-core';

const file = fileURLToPath(new URL('../docs/openapi.json', import.meta.url));
const config = await createConfig({ extends: ['recommended'] });
const found = await lintFromString({
  source: readFileSync(file, 'utf8'),
  absoluteRef: file,
  config,
});

for (const { ruleId, severity, message, location } of found) {
  process.stdout.write(`${severity} ${ruleId} at ${location[0]?.pointer}\n  ${message}\n`);
}
process.stdout.write(`docs/openapi.json: ${found.length} complaints by the rule set "recommended"\n`);
process.exitCode = found.length === 0 ? 0 : 1;
