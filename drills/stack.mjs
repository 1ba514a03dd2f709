// Starts what docker-compose.yml starts, without an engine: the secrets by their own script, PostgreSQL, Redis by its own command,
// three instances with the environment of their container, HAProxy and Prometheus with the very files that are mounted. Lives some
// days of users through the balancer, then asks Prometheus for its targets, rules and alerts and every query of every panel,
// and takes instances away.
//
//   npm run drill:stack     needs haproxy, prometheus, redis-server, dnsmasq, psql
//                           (Debian: haproxy prometheus redis-server dnsmasq-base postgresql-client)
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../bench/service.mjs';
import { askAll } from '../metrics/pictures/answers.mjs';
import { findHaproxy } from '../scripts/find-binary.mjs';
import { check } from './check.mjs';
import { callerOf, liveADay } from './stack/day.mjs';
import { startHaproxy } from './stack/haproxy.mjs';
import { examine, makeSecrets, pointAt, startInstance, startStores } from './stack/instances.mjs';
import { findNameServer, startNameServer } from './stack/name-server.mjs';
import { findPrometheus, startPrometheus } from './stack/prometheus.mjs';
import { until } from './stack/running.mjs';

/** What the doctor faults in an installation that is for trying: its first admin's e-mail is the one that Compose fills in. */
const OF_A_TRIAL = ['V6.3.2'];
const HOSTS = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
/** Five scrapes, so that every rate has some to go by. */
const DAYS_MS = 80_000;
const RANGE_SECONDS = 300;
/** So many hashes take two instances some seconds. */
const LOGINS = 24;
const KILL_AFTER_MS = 500;
/** As prometheus.yml has it. */
const SCRAPE_SECONDS = 15;

const dir = mkdtempSync(join(tmpdir(), 'tollgate-stack-'));
chmodSync(dir, 0o711); // as root PostgreSQL runs as another user
const stops = [() => rmSync(dir, { recursive: true, force: true })];
try {
  for (const { version } of [findHaproxy(), findPrometheus(), findNameServer()])
    console.log(`       with ${version}`);
  await drill(await startAll());
} catch (error) {
  check('the drill goes to its end', false, error.stack);
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function startAll() {
  const secrets = join(dir, 'secrets');
  const made = makeSecrets(secrets);
  check(
    `the secrets are made: ${made.trim().split('\n').length} files`,
    /api\/jwt_secret: made/.test(made),
    made,
  );
  const stores = await startStores({ dir, secrets, stops });
  const { startInbox } = createRequire(import.meta.url)('../dist/dev/inbox.js');
  const inbox = await startInbox({ httpPort: 0 });
  stops.push(() => inbox.close());
  pointAt({ ...stores, smtp: inbox.smtpUrl }, secrets);
  const [port, apiPort, prometheusPort] = [await freePort(), await freePort(), await freePort()];
  const instances = await Promise.all(
    HOSTS.map((host) => startInstance({ dir, secrets, host, port: apiPort })),
  );
  stops.push(() => Promise.all(instances.map((instance) => instance.stop())));
  check('three instances start at once on an empty database, in production mode', true);
  consult(examine({ secrets, host: HOSTS[0], port: apiPort }));

  const names = await startNameServer({ dir, addresses: HOSTS });
  stops.push(() => names.stop());
  const balancer = await startHaproxy({ dir, port, dnsPort: names.port, apiPort });
  stops.push(() => balancer.stop());
  const prometheus = await startPrometheus({
    ...{ dir, port: prometheusPort, secrets: join(secrets, 'prometheus') },
    targets: HOSTS.map((host) => `${host}:${apiPort}`),
  });
  stops.push(() => prometheus.stop());
  return { secrets, inbox, instances, names, apiPort, call: callerOf(port), prometheus };
}

function consult(results) {
  const failed = results.filter(({ must, verdict }) => must && verdict === 'fail');
  const role = results.find(({ id }) => id === 'V13.2.2');
  check('the role in PostgreSQL has no power beyond its own tables', role.verdict === 'pass', role.evidence);
  check(
    `of ${results.length} checks of the doctor no must fails but ${OF_A_TRIAL}, for nobody has set ADMIN_EMAIL`,
    failed.every(({ id }) => OF_A_TRIAL.includes(id)),
    failed.map(({ id, title, evidence }) => `${id} ${title}: ${evidence}`).join('\n       '),
  );
}

async function drill(stack) {
  await wayIn(stack);
  await days(stack);
  await whatPrometheusHas(stack);
  await panels(stack);
  await withoutInstances(stack);
}

/** What comes in through the balancer, and what does not. */
async function wayIn({ call, secrets, apiPort }) {
  const password = readFileSync(join(secrets, 'api', 'admin_password'), 'utf8');
  const login = await call('POST', '/api/v1/auth/login', {
    body: { email: 'admin@localhost.test', password },
  });
  check('the admin logs in through the balancer', login.status === 200 && login.json.user.role === 'ADMIN');
  const given = await call('GET', '/api/v1/users/me', { headers: { 'X-Request-Id': 'my-request-0001' } });
  check("a client's request id stays", given.headers['x-request-id'] === 'my-request-0001');

  const left = async (from, claimed) => {
    const { headers } = await call('POST', '/api/v1/auth/guest', {
      ...{ from, headers: claimed && { 'X-Forwarded-For': claimed } },
    });
    return Number(/"guest";r=(\d+)/.exec(headers.ratelimit)?.[1]);
  };
  const [first, second, other] = [
    await left('127.0.0.50'),
    await left('127.0.0.50', '203.0.113.9'),
    await left('127.0.0.51', '203.0.113.9'),
  ];
  check(
    `limits go by the client's own address, whatever it claims (${first}, ${second}; another has ${other})`,
    first === 9 && second === 8 && other === 9,
  );
  const token = readFileSync(join(secrets, 'prometheus', 'metrics_token'), 'utf8');
  const spelt = [
    '/metrics',
    '/metrics?x=1',
    '/metrics/',
    '//metrics',
    '/METRICS',
    '/%6detrics',
    '/x/../metrics',
  ];
  const statuses = await Promise.all(spelt.map(async (path) => (await call('GET', path, { token })).status));
  check(
    `metrics do not go out through the balancer, however they are spelt (${statuses.join(', ')})`,
    statuses.every((status) => status === 404),
  );
  const none = await call('GET', '/metrics');
  check(
    'and the answer is a problem as of a path that does not exist',
    isProblem(none, 404, 'not_found'),
    none,
  );
  const bare = await fetch(`http://${HOSTS[0]}:${apiPort}/metrics`);
  check('and an instance gives them to nobody without the token', bare.status === 401);
}

/** Days of users, one after the other, and a few who ask too often, while Prometheus scrapes. */
async function days({ call, inbox }) {
  const end = performance.now() + DAYS_MS;
  let lived = 0;
  for (; performance.now() < end; lived += 1) {
    const from = `127.0.1.${1 + lived}`;
    await liveADay({ call, inbox, name: `user-${lived}`, from });
    if (lived < 2)
      for (let time = 0; time < 12; time += 1) await call('POST', '/api/v1/auth/guest', { from });
  }
  check(`${lived} days are lived through the balancer, every answer as it should be`, lived > 3);
}

async function whatPrometheusHas({ prometheus }) {
  const targets = (await prometheus.targets()).filter(({ labels }) => labels.job === 'tollgate');
  check(
    'Prometheus scrapes three instances by the token',
    targets.length === HOSTS.length && targets.every(({ health }) => health === 'up'),
    JSON.stringify(targets.map(({ scrapeUrl, health, lastError }) => ({ scrapeUrl, health, lastError }))),
  );
  const served = await prometheus.query(
    'sum by (instance) (http_request_duration_seconds_count{route="/api/v1/users/me",status="200"}) > 0',
  );
  const counts = served.map(({ value }) => value[1]).join(', ');
  check(`every instance has answered through the balancer (${counts})`, served.length === HOSTS.length);
  const rules = await prometheus.rules();
  const bad = rules.filter(({ health }) => health !== 'ok');
  check(
    `${rules.length} rules are loaded and evaluated`,
    rules.length > 20 && bad.length === 0,
    JSON.stringify(bad.map(({ name, health, lastError }) => ({ name, health, lastError }))),
  );
  const alerts = await prometheus.alerts();
  check('no alert fires, and none is about to', alerts.length === 0, JSON.stringify(alerts));
}

async function panels({ prometheus }) {
  const end = Math.floor(Date.now() / 1000);
  const span = { start: end - RANGE_SECONDS, end, step: SCRAPE_SECONDS };
  for (const { title, panels: all, queries, faults } of await askAll(prometheus, span)) {
    const count = all.filter(({ targets }) => targets).length;
    check(
      `${title}: ${count} panels, ${queries} queries, ${queries - faults.length} answered with numbers`,
      faults.length === 0,
      faults,
    );
  }
}

/** Instances go: one by a stop, as in a roll-out, then all. */
async function withoutInstances({ call, instances, names, apiPort, prometheus }) {
  const asking = keepAsking(call);
  await instances[2].stop();
  await names.move(HOSTS.slice(0, 2));
  const statuses = await asking.stop();
  const failed = statuses.filter((status) => status !== 200);
  check(
    `one instance stops, and of ${statuses.length} requests meanwhile ${failed.length} are not answered with 200`,
    statuses.length > 20 && failed.length === 0,
    failed.join(),
  );
  const noticed = await until(
    async () =>
      (await prometheus.alerts()).some(
        ({ labels }) =>
          labels.alertname === 'TollgateInstanceDown' && labels.instance === `${HOSTS[2]}:${apiPort}`,
      ),
    60_000,
  );
  check('Prometheus notices: TollgateInstanceDown is pending for it', noticed);

  await oneIsKilled({ call, instance: instances[1] });
  await Promise.all(instances.map((instance) => instance.stop()));
  const gone = await call('GET', '/api/v1/users/me');
  check(
    'with all of them gone the balancer gives the problem that the service would: 503 with Retry-After',
    isProblem(gone, 503, 'dependency_unavailable') && gone.headers['retry-after'] === '1',
    gone,
  );
}

/** One is killed while it has logins under way: by the balancer they are answered with a problem, as a busy service words its own. */
async function oneIsKilled({ call, instance }) {
  const asked = Array.from({ length: LOGINS }, (_, n) =>
    call('POST', '/api/v1/auth/login', {
      body: { email: `nobody-${n}@example.com`, password: 'not this one' },
      from: `127.0.2.${1 + n}`,
    }),
  );
  await pause(KILL_AFTER_MS);
  instance.signal('SIGKILL');
  const answers = await Promise.all(asked);
  const lost = answers.filter(({ status }) => status !== 401);
  const bad = lost.filter(
    (answer) =>
      ![502, 503].some((status) => isProblem(answer, status, 'dependency_unavailable')) ||
      !(Number(answer.headers['retry-after']) >= 1),
  );
  check(
    `one instance is killed, and of ${LOGINS} logins ${lost.length} are lost with it, each told so by a problem`,
    lost.some(({ status }) => status === 502) && lost.length < LOGINS && bad.length === 0,
    bad.length > 0 ? bad : answers.map(({ status }) => status),
  );
}

/** Whether an answer is a problem as the service words it. */
function isProblem({ status, headers, json }, wanted, code) {
  return (
    status === wanted &&
    /^application\/problem\+json(; charset=utf-8)?$/.test(headers['content-type']) &&
    headers['cache-control'] === 'no-store' &&
    json.type === `urn:tollgate:problem:${code}` &&
    json.status === wanted &&
    json.code === code &&
    /^[\w-]{8,64}$/.test(json.requestId) &&
    json.requestId === headers['x-request-id']
  );
}

/** Asks for the keys twenty times a second until it is stopped; resolves to the statuses of all answers. */
function keepAsking(call) {
  const statuses = [];
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      await call('GET', '/.well-known/jwks.json').then(
        ({ status }) => statuses.push(status),
        (error) => statuses.push(error.message),
      );
      await pause(50);
    }
  })();
  return {
    async stop() {
      // So long HAProxy still holds the instance for there.
      await pause(5_000);
      stopped = true;
      await done;
      return statuses;
    },
  };
}
