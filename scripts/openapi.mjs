// npm run openapi: writes docs/openapi.json from the endpoint definitions. A test holds the two equal.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit({ build: true });

const require = createRequire(import.meta.url);
const { endpointGroups } = require('../dist/api.js');
const { openApiDocument } = require('../dist/http/openapi.js');
const { VERSION } = require('../dist/version.js');

const document = openApiDocument(endpointGroups, VERSION);
writeFileSync(new URL('../docs/openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
