import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installFolder } from '../scripts/install-folder.mjs';

const FOLDER = import.meta.dirname;
const at = (...parts) => join(FOLDER, ...parts);

const RUN_MS = 180_000;
const REQUEST_MS = 15_000;
/** A script waits at most 10 s, for a mail. */
const SCRIPT_MS = 15_000;

/** Installs Newman, if it is not there as locked. Returns its version. */
export function installNewman() {
  installFolder(FOLDER, { what: 'Newman (some 150 packages)' });
  return JSON.parse(readFileSync(at('node_modules', 'newman', 'package.json'), 'utf8')).version;
}

/**
 * Runs the collection once, with these values in place of the environment's. Resolves to what failed, and what each
 * request was answered.
 */
export async function runCollection(values) {
  const newman = createRequire(import.meta.url)('newman');
  const { run } = await new Promise((resolve, reject) => {
    const options = {
      collection: at('tollgate.postman_collection.json'),
      environment: at('localhost.postman_environment.json'),
      envVar: Object.entries(values).map(([key, value]) => ({ key, value })),
      reporters: [],
      timeout: RUN_MS,
      timeoutRequest: REQUEST_MS,
      timeoutScript: SCRIPT_MS,
    };
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary)));
  });
  // Requests that scripts send are executions as well, of the item whose script it is: the item's own comes last.
  return {
    assertions: run.stats.assertions.total,
    failures: run.failures,
    milliseconds: run.timings.completed - run.timings.started,
    answers: [...new Map(run.executions.map((execution) => [execution.item.id, execution])).values()]
      .filter(({ response, assertions = [] }) => response !== undefined && assertions.length > 0)
      .map(({ item, response }) => ({ name: item.name, status: response.code, text: response.text() })),
  };
}

/** How many requests the collection holds. */
export function countRequests() {
  const count = (items) => items.reduce((sum, { item }) => sum + (item === undefined ? 1 : count(item)), 0);
  return count(JSON.parse(readFileSync(at('tollgate.postman_collection.json'), 'utf8')).item);
}
