import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const FILE = join(import.meta.dirname, '..', '..', 'docker-compose.yml');

/** The services of docker-compose.yml. */
export function composeServices() {
  return parse(readFileSync(FILE, 'utf8'), { merge: true }).services;
}

/** What the API's container has in its environment where nobody has set anything, secrets read from `folder`. */
export function apiEnvironment(folder) {
  const entries = Object.entries(composeServices().api.environment).map(([name, value]) => [
    name,
    value.replace(/\$\{\w+:-([^}]*)\}/g, '$1').replace('/run/secrets/tollgate', folder),
  ]);
  return Object.fromEntries(entries);
}

/** The shell line that starts Redis in its container, with this port, data and password file. */
export function redisCommand({ port, data, secrets }) {
  const [shell, option, script] = composeServices().redis.command;
  const line = script
    .replaceAll('$$', '$')
    .replace('--dir /data', `--dir ${data} --port ${port} --bind 127.0.0.1`)
    .replace('/run/secrets/redis', secrets);
  return [shell, [option, line]];
}
