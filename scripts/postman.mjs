// npm run postman: writes the Postman collection and its environment from the endpoint definitions. A test holds them equal.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { localEnvironment, postmanCollection } from '../postman-collections/source/collection.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit({ build: true });

const require = createRequire(import.meta.url);
const { endpointGroups } = require('../dist/api.js');
const { openApiDocument } = require('../dist/http/openapi.js');
const { VERSION } = require('../dist/version.js');

write('tollgate.postman_collection.json', postmanCollection(openApiDocument(endpointGroups, VERSION)));
write('localhost.postman_environment.json', localEnvironment());

function write(file, content) {
  const path = new URL(`../postman-collections/${file}`, import.meta.url);
  writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}
