// Kills the service with SIGKILL in the midst of acts, 50 times, and then holds what the tables say has happened against what
// the audit trail tells: no act without an entry, and no entry without an act. The chain must be intact as the last kill
// leaves it, whatever the sealer was at, and sealed to its end once a run has ended in order.
//
//   npm run drill:audit-kill       ROUNDS=50 WRITERS=8
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openServer } from '../bench/databases.mjs';
import { freePort } from '../bench/service.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 50);
const WRITERS = Number(process.env.WRITERS ?? 8);
const START_MS = 30_000;
/** How long a round's acts go on before the kill: at least, and at most so much longer, in milliseconds. */
const LEAST_MS = 300;
const SPREAD_MS = 1_200;
const PASSWORDS = ['violet-lantern-47', 'copper-harbour-93'];

/** What the tables say was done, against what the trail tells of it: a row each is an act, and should be an entry. */
const COMPARED = {
  registrations: {
    acts: 'SELECT id::text AS act FROM users',
    entries:
      "SELECT subject_id::text AS act FROM audit_events WHERE type = 'user_created' AND outcome = 'success'",
  },
  logins: {
    acts: 'SELECT id::text AS act FROM sessions',
    entries: "SELECT details::json->>'sessionId' AS act FROM audit_events WHERE type = 'authn_login_success'",
  },
  logouts: {
    // A session that ended with a change of password is told of by that.
    acts: `SELECT id::text AS act FROM sessions AS s WHERE revoked_at IS NOT NULL AND NOT EXISTS (
      SELECT FROM audit_events AS e WHERE e.type = 'authn_password_change' AND e.subject_id = s.user_id
        AND e.at BETWEEN s.revoked_at - interval '1 second' AND s.revoked_at + interval '1 second')`,
    entries: `SELECT details::json->>'sessionId' AS act FROM audit_events AS e
      WHERE type = 'authn_token_revoked' AND NOT EXISTS (
        SELECT FROM sessions AS s JOIN audit_events AS p ON p.subject_id = s.user_id
        WHERE s.id::text = e.details::json->>'sessionId' AND s.revoked_at IS NOT NULL
          AND p.type = 'authn_password_change'
          AND p.at BETWEEN s.revoked_at - interval '1 second' AND s.revoked_at + interval '1 second')`,
  },
  'changes of password': {
    acts: `SELECT id || ' ' || turn AS act FROM users, generate_series(1, credential_version - 1) AS turn`,
    entries: `SELECT subject_id || ' ' || row_number() OVER (PARTITION BY subject_id) AS act
      FROM audit_events WHERE type = 'authn_password_change'`,
  },
  // Both make a new version of the user.
  'changes of name or password': {
    acts: `SELECT id || ' ' || turn AS act FROM users, generate_series(1, version - 1) AS turn`,
    entries: `SELECT subject_id || ' ' || row_number() OVER (PARTITION BY subject_id) AS act FROM audit_events
      WHERE type = 'authn_password_change' OR (type = 'user_updated' AND details::json->>'what' = 'username')`,
  },
};

const server = await openServer();
const { url: databaseUrl, pool } = await server.createDatabase(`tollgate_kill_${process.pid}`);
const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-kill-'));
let failed = 0;
/** The one that runs now. */
let service;
try {
  await run();
  for (const [what, queries] of Object.entries(COMPARED)) {
    const { acts, missing, groundless } = await compare(queries);
    const well = acts > 0 && missing === 0 && groundless === 0;
    if (!well) failed += 1;
    console.log(
      `${well ? 'ok    ' : 'FAILED'} ${what}: ${acts} acts, ${missing} without an entry, ${groundless} entries without an act`,
    );
  }
} finally {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit(failed === 0 ? 0 : 1);

async function run() {
  try {
    await killAndAct();
  } finally {
    // Where something went wrong, it is still there.
    service?.child.kill('SIGKILL');
    await service?.ended;
  }
}

async function killAndAct() {
  service = await start();
  const writers = [];
  for (let index = 0; index < WRITERS; index += 1) {
    const email = `writer.${index}@example.com`;
    await call(service, 'post', '/auth/register', { email, username: 'Ada', password: PASSWORDS[0] });
    writers.push({ email, password: PASSWORDS[0], answered: 0 });
  }
  // The proof of an address is none of the acts below.
  await pool.query('UPDATE users SET email_verified_at = now()');
  let killed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const acting = writers.map((writer) => actUntilGone(service, writer));
    await sleep(LEAST_MS + Math.random() * SPREAD_MS);
    service.child.kill('SIGKILL');
    if ((await service.ended) === 'SIGKILL') killed += 1;
    await Promise.all(acting);
    if (round === ROUNDS - 1) verified('as the last kill leaves it', /^INTACT /);
    service = await start();
  }
  service.child.kill('SIGTERM');
  await service.ended;
  verified('at the end', /^INTACT (?!.*not sealed)/);
  const answered = writers.reduce((sum, writer) => sum + writer.answered, 0);
  console.log(`${killed} kills among ${WRITERS} writers, ${answered} acts answered`);
}

function verified(when, said) {
  const run = spawnSync(process.execPath, ['scripts/audit-verify.mjs', `--data-dir=${dataDir}`], {
    cwd: join(import.meta.dirname, '..'),
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl },
    encoding: 'utf8',
  });
  const well = run.status === 0 && said.test(run.stdout);
  if (!well) failed += 1;
  console.log(`${well ? 'ok    ' : 'FAILED'} the chain ${when}: ${run.stdout.trim()}${run.stderr.trim()}`);
}

/** Starts the built service on the database, which outlives it. */
async function start() {
  const port = await freePort();
  const unlimited = ['GLOBAL', 'LOGIN', 'LOGIN_ACCOUNT', 'REAUTH', 'REGISTER'];
  const child = spawn(process.execPath, ['dist/dev/main.js', `--data-dir=${dataDir}`], {
    cwd: join(import.meta.dirname, '..'),
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      INBOX_PORT: '0',
      LOG_LEVEL: 'fatal',
      BCRYPT_COST: '4',
      ...Object.fromEntries(unlimited.map((name) => [`RATE_LIMIT_${name}`, '1000000/100000'])),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  const ready = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('Tollgate is ready.') && resolve('ready'));
  });
  const late = sleep(START_MS, 'late', { ref: false });
  const came = await Promise.race([ready, ended.then(() => 'ended'), late]);
  if (came !== 'ready') throw new Error(`the service was not ready: ${came}`);
  return { child, ended, api: `http://localhost:${port}/api/v1` };
}

/** One writer's acts, one after the other, until the service answers no more. */
async function actUntilGone(service, writer) {
  // Some begin with the one kind of acts, some with the other.
  for (let turn = writer.answered; ; turn += 1) {
    try {
      await actOnce(service, writer, turn);
    } catch (error) {
      // The change of password before the kill may have come to be without an answer.
      if (error.status === undefined) return;
      if (error.status === 401) writer.password = otherThan(writer.password);
      // A busy machine's database may be late.
      else if (error.status !== 503) throw error;
    }
  }
}

async function actOnce(service, writer, turn) {
  const { email, password } = writer;
  const act = async (...request) => {
    const answer = await call(service, ...request);
    writer.answered += 1;
    return answer;
  };
  const { accessToken } = await act('post', '/auth/login', { email, password });
  if (turn % 2 === 0) {
    await act('post', '/auth/logout', undefined, accessToken);
    const registration = { email: `${randomUUID()}@example.com`, username: 'Grace', password: PASSWORDS[0] };
    await act('post', '/auth/register', registration);
  } else {
    await act('patch', '/users/me', { username: `Ada ${turn}` }, accessToken);
    const newPassword = otherThan(password);
    await act('put', '/users/me/password', { currentPassword: password, newPassword }, accessToken);
    writer.password = newPassword;
  }
}

function otherThan(password) {
  return PASSWORDS.find((other) => other !== password);
}

async function call(service, method, path, body, token) {
  const response = await fetch(service.api + path, {
    method: method.toUpperCase(),
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : JSON.parse(text);
  throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), {
    status: response.status,
  });
}

/** Acts without an entry, and entries without an act; each stands once on either side. */
async function compare({ acts, entries }) {
  const { rows } = await pool.query(`
    SELECT (SELECT count(*) FROM (${acts}) AS a)::int AS acts,
      (SELECT count(*) FROM (${acts} EXCEPT ALL ${entries}) AS m)::int AS missing,
      (SELECT count(*) FROM (${entries} EXCEPT ALL ${acts}) AS g)::int AS groundless`);
  return rows[0];
}
