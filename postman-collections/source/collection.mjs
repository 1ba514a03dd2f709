// The collection, from the OpenAPI document (that is, from the endpoint definitions) and the steps below flow/.
import { admin } from './flow/admin.mjs';
import { auth } from './flow/auth.mjs';
import { limits } from './flow/limits.mjs';
import { links } from './flow/links.mjs';
import { otp } from './flow/otp.mjs';
import { start } from './flow/start.mjs';
import { makeRoom } from './flow/steps.mjs';
import { system } from './flow/system.mjs';
import { users } from './flow/users.mjs';
import { operationsOf, problemSchema } from './operations.mjs';
import { refusalsOf, wrongMethods } from './refusals.mjs';
import { itemOf, script } from './request.mjs';
import { everyAnswer } from './scripts.mjs';

const DESCRIPTION = `Every call of Tollgate: what it does, and what it refuses.

Runs from top to bottom, as often as you like, against a service in development (\`npm start\`) with the environment *Tollgate at localhost*: fill in \`adminPassword\`, which the first start prints. Codes and links come from the embedded inbox. Run the folder *start* first, then any other; run it again when calls of admins answer \`reauthentication_required\` or \`invalid_token\`.

Accounts are new ones at each run. Limits and the allow-list are changed and set back, so run it where nobody else works. A run that breaks off in *limits* can leave a limit tight: run that folder again.

Written by \`npm run postman\` from the endpoint definitions; run by \`npm run newman\`.`;

const FOLDERS = [
  { name: 'start', description: 'Who the other folders act as: an admin, a user, a guest', steps: start },
  { name: 'auth', steps: auth },
  { name: 'otp', steps: otp },
  { name: 'users', steps: users },
  { name: 'admin', steps: admin },
  {
    name: 'limits',
    description: 'Limits: shown, met, explained, released, changed and set back',
    steps: limits,
  },
  { name: 'links', steps: links },
  { name: 'system', steps: system },
];

export function postmanCollection(document) {
  const operations = operationsOf(document);
  const folders = FOLDERS.map(({ name, description, steps }) => ({
    name,
    description: description ?? document.tags.find((tag) => tag.name === name).description,
    item: [
      ...steps.map((step) => itemOf(operations.get(step.operation), step)),
      ...refusals(name, operations),
    ],
  }));
  return {
    info: {
      _postman_id: '5d1f0c1e-7c1b-4c55-9d0a-0f6f1a2b3c4d',
      name: 'Tollgate',
      description: DESCRIPTION,
      version: document.info.version,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    item: [...folders, methodsFolder(operations)],
    event: [script('test', everyAnswer(problemSchema(document)))],
    variable: [{ key: 'notAToken', value: 'not-a-token' }],
  };
}

/** Where the service and its inbox are, and who the admin is: what `npm start` says. */
export function localEnvironment() {
  const values = {
    baseUrl: 'http://localhost:3000',
    inboxUrl: 'http://localhost:8025',
    adminEmail: 'admin@localhost.test',
  };
  return {
    id: 'a3f2c7d4-2f0e-4e0e-8f63-6d8a5b7c9e10',
    name: 'Tollgate at localhost',
    values: [
      ...Object.entries(values).map(([key, value]) => ({ key, value, type: 'default', enabled: true })),
      { key: 'adminPassword', value: '', type: 'secret', enabled: true },
    ],
    _postman_variable_scope: 'environment',
  };
}

/** A folder for each operation of the tag, after what it is for. Calls on limits stand in their own folder. */
function refusals(folder, operations) {
  const item = [...operations.values()]
    .filter((operation) => folderOf(operation) === folder)
    .map((operation) => ({ name: operation.name, description: operation.summary, item: itemsOf(operation) }));
  if (item.length === 0) return [];
  const room = itemOf(operations.get('releaseLimits'), makeRoom(`${folder}, what is refused`));
  return [
    {
      name: 'what is refused',
      description: 'What each call refuses by its definition',
      item: [room, ...item],
    },
  ];
}

function itemsOf(operation) {
  return refusalsOf(operation).map((step) => itemOf(operation, step));
}

function folderOf({ tag, path }) {
  return path.startsWith('/api/v1/admin/limits') ? 'limits' : tag;
}

function methodsFolder(operations) {
  return {
    name: 'wrong methods',
    description: 'For each path a method that it does not have',
    item: wrongMethods(operations).map(({ operation, step }) => itemOf(operation, step)),
  };
}
