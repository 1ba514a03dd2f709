// Checks what docker-compose.yml mounts, each file with its own tool; prometheus.yml has a check of its own.
//
//   npm run check:mounts     needs haproxy (Debian: apt-get install haproxy); HAPROXY names another binary
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { findHaproxy } from './find-binary.mjs';

const TOOL_MS = 30_000;
/** Root whom the modes of files bind, as in a container without that capability. */
const WITHOUT_POWER = ['setpriv', '--bounding-set=-dac_override'];
/** Of PostgreSQL where nothing is set, and those of them that it keeps for superusers. */
const [DEFAULT_CONNECTIONS, RESERVED_CONNECTIONS] = [100, 3];
/** The pools of an instance (src/backends.ts): ten for requests, one for housekeeping, one for sealing. */
const INSTANCE_CONNECTIONS = 12;
const isRoot = process.getuid?.() === 0;
const root = join(import.meta.dirname, '..');
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true });
let faults = 0;

checkSecrets();
checkBalancer();
checkRoom();
checkRole();
checkProvisioning();
process.exitCode = faults === 0 ? 0 : 1;

/** Makes the secrets in a folder, twice: all that services read are made, can be read by few, and stay. */
function checkSecrets() {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-secrets-'));
  try {
    const [first, second] = [1, 2].map(() => {
      const run = makeSecrets(folder);
      return { ...run, files: filesBelow(folder) };
    });
    report('make-secrets.mjs ends well', first.status === 0 && second.status === 0, first.stderr);
    report('and the second time changes nothing', second.stdout === '', second.stdout);
    report(
      'and prints no secret',
      [...first.files.values()].every(({ text }) => text === '' || !first.stdout.includes(text)),
    );
    report(
      'and everybody else is kept out of its files',
      [...first.files.values()].every(({ mode }) => (mode & 0o007) === 0 && (mode & 0o222) === 0),
    );
    const given = 'one-that-somebody-has-set-0123456789';
    makeSecrets(folder, { METRICS_TOKEN: given });
    const after = filesBelow(folder);
    const changed = [...after].filter(([path, { text }]) => text !== first.files.get(path)?.text);
    report(
      'and one that is given takes the place of one made, for all that read it',
      changed.length === 2 && changed.every(([, { text }]) => text === given),
      changed.map(([path]) => path).join(', '),
    );
    checkCutShort();
    const read = secretsRead();
    const missing = read.filter((path) => !first.files.has(path));
    report(`and makes all ${read.length} files that services read`, missing.length === 0, missing.join(', '));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A run was ended between the writing of a file and its renaming; in its container even root has to mind the modes of files. */
function checkCutShort() {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-secrets-'));
  try {
    mkdirSync(join(folder, 'api'));
    writeFileSync(join(folder, 'api', 'jwt_secret.new'), 'half', { mode: 0o440 });
    const { status, stderr } = makeSecrets(folder, {}, isRoot ? WITHOUT_POWER : []);
    report('and goes on where a run was cut short', status === 0, stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the script of the service `secrets`, with nothing of our own environment. */
function makeSecrets(folder, env = {}, under = []) {
  const [command, ...args] = [...under, process.execPath, 'deploy/compose/make-secrets.mjs', folder];
  return spawnSync(command, args, { cwd: root, env, encoding: 'utf8', timeout: TOOL_MS });
}

/** Files in volumes of secrets that settings, commands or prometheus.yml name: `api/jwt_secret`. */
function secretsRead() {
  const named = Object.values(compose.services).flatMap((service) => {
    const text = JSON.stringify([service.environment, service.command, service.healthcheck]);
    return (service.volumes ?? []).flatMap((volume) => {
      const [source, target] = volume.split(':');
      if (!source.startsWith('secrets-') || target.startsWith('/secrets/')) return [];
      const paths = text.match(new RegExp(`${target}/[a-z_]+`, 'g')) ?? [];
      return paths.map((path) => path.replace(target, source.replace('secrets-', '')));
    });
  });
  const prometheus = parse(readFileSync(join(root, 'prometheus.yml'), 'utf8'));
  const token = prometheus.scrape_configs[0].authorization.credentials_file;
  return [...new Set([...named, token.replace('prometheus/secrets', 'prometheus')])];
}

function checkBalancer() {
  const { binary, version } = findHaproxy();
  const { status, stdout, stderr } = spawnSync(binary, ['-c', '-f', 'deploy/haproxy/haproxy.cfg'], {
    cwd: root,
    encoding: 'utf8',
    timeout: TOOL_MS,
  });
  report(`haproxy.cfg is valid, says ${version}`, status === 0 && !/warning/i.test(stderr), stdout + stderr);
}

/** How many instances the balancer and PostgreSQL have room for, and how many the README promises. */
function checkRoom() {
  const read = (path) => readFileSync(join(root, path), 'utf8');
  const [, room] = /server-template api 1-(\d+) /.exec(read('deploy/haproxy/haproxy.cfg')) ?? [];
  const [, told] = /HAProxy finds up to (\d+)/.exec(read('README.md')) ?? [];
  report(`the balancer has room for ${room} instances, as the README says`, room === told, told);
  const setting = compose.services.postgres.command?.find((one) => one.startsWith('max_connections='));
  const connections = Number(setting?.split('=')[1] ?? DEFAULT_CONNECTIONS);
  report(
    `PostgreSQL has room for them: ${connections} connections`,
    connections - RESERVED_CONNECTIONS >= room * INSTANCE_CONNECTIONS,
    `${room} instances open up to ${room * INSTANCE_CONNECTIONS}`,
  );
}

/** Whom the service signs in to PostgreSQL as: the image makes its user a superuser. */
function checkRole() {
  const superuser = compose.services.postgres.environment.POSTGRES_USER ?? 'postgres';
  const script = readFileSync(join(root, 'deploy', 'compose', 'make-secrets.mjs'), 'utf8');
  const [, role] = /postgresql:\/\/(\w+):/.exec(script) ?? [];
  report(`the API signs in to PostgreSQL as ${role}, not as its superuser ${superuser}`, role !== superuser);
}

/** What Grafana documents of these files, closed: it passes over what it does not know, a slip of the pen too. */
function checkProvisioning() {
  const closed = (properties) => ({
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties,
  });
  const listOf = (properties) => ({ type: 'array', minItems: 1, items: closed(properties) });
  const [text, flag] = [{ type: 'string', minLength: 1 }, { type: 'boolean' }];
  const datasource = {
    ...{ name: text, uid: text, url: { type: 'string', format: 'uri' }, isDefault: flag, editable: flag },
    type: { const: 'prometheus' },
    access: { const: 'proxy' },
    jsonData: closed({
      httpMethod: { enum: ['GET', 'POST'] },
      prometheusType: { enum: ['Prometheus', 'Cortex', 'Mimir', 'Thanos'] },
      timeInterval: { type: 'string', pattern: '^\\d+[smh]$' },
      manageAlerts: flag,
    }),
  };
  const provider = {
    ...{ name: text, folder: text, disableDeletion: flag, allowUiUpdates: flag },
    type: { const: 'file' },
    updateIntervalSeconds: { type: 'integer', minimum: 1 },
    options: closed({ path: text }),
  };
  const version = { const: 1 };
  const ajv = new Ajv({ allErrors: true, formats: { uri: URL.canParse } });
  for (const [name, schema] of Object.entries({
    datasources: closed({ apiVersion: version, prune: flag, datasources: listOf(datasource) }),
    dashboards: closed({ apiVersion: version, providers: listOf(provider) }),
  })) {
    const path = join(root, 'grafana-dashboards', 'provisioning', `${name}.yml`);
    const document = parse(readFileSync(path, 'utf8'));
    report(
      `provisioning/${name}.yml is as Grafana takes it`,
      ajv.validate(schema, document),
      ajv.errorsText(),
    );
  }
}

function filesBelow(folder) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    found.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length + 1), { text: readFileSync(path, 'utf8'), mode: statSync(path).mode }];
    }),
  );
}

function report(what, holds, otherwise = '') {
  if (!holds) faults += 1;
  console.log(
    `${holds ? 'ok    ' : 'FAILED'} ${what}${holds || otherwise === '' ? '' : `\n       ${otherwise}`}`,
  );
}
