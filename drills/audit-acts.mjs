// Does each act leave its entry in the audit trail, and the right one? Drives 500 known acts over HTTP, exports the trail
// as an admin and holds it against what was done; then edits, deletes and slips in sealed entries by SQL, and looks
// whether `npm run audit:verify` names each.
//
//   npm run drill:audit
//
// Ends with code 1 if anything is not as it should be.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { openServer } from '../bench/databases.mjs';
import { signUp, startService } from '../bench/service.mjs';
import { AuditDriver, sessionOf } from './audit-driver.mjs';
import { check } from './check.mjs';

const ACTS = 500;
/** So many that none takes a second turn: a user's refusals are told of once a minute. */
const USERS = 18;
const password = 'violet-lantern-47';
const admin = { email: 'root@example.com', password: 'copper-harbour-93' };
const secretKeys = randomBytes(32).toString('base64url');

const server = await openServer();
const stops = [() => server.stop()];
const { url: databaseUrl, pool } = await server.createDatabase(`tollgate_audit_${process.pid}`);
try {
  const open = '1000000/1000000';
  const limits = [
    'GLOBAL',
    'LOGIN',
    'LOGIN_ACCOUNT',
    'LOGIN_ACCOUNT_ALL',
    'REAUTH',
    'REGISTER',
    'OTP_REQUEST',
  ];
  limits.push('OTP_REQUEST_ADDRESS', 'OTP_VERIFY', 'MAIL', 'REFRESH');
  const service = await startService({
    DATABASE_URL: databaseUrl,
    SECRET_KEYS: secretKeys,
    BCRYPT_COST: '4',
    TRUST_PROXY: '1',
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
    ...Object.fromEntries(limits.map((name) => [`RATE_LIMIT_${name}`, open])),
  });
  let stopService = async () => {
    stopService = async () => {};
    await service.stop();
  };
  stops.push(() => stopService());

  const root = await logIn(service, admin);
  const users = [];
  for (let n = 0; n < USERS; n++) {
    const user = { email: `user${n}@example.com`, username: `User ${n}`, password };
    await signUp(service, user);
    users.push(await logIn(service, user));
  }

  // The acts.
  const from = new Date();
  const drive = new AuditDriver(service, root, users);
  await drive.drive(ACTS);
  const to = new Date(Date.now() + 1);

  // What the trail says of them.
  const range = `from=${from.toISOString()}&to=${to.toISOString()}`;
  const exported = await fetch(`${service.api}/admin/audit-events/export?${range}`, bearer(root));
  const events = (await exported.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const attempted = events.filter(({ outcome }) => outcome === 'attempted');
  const done = events.filter(({ outcome }) => outcome !== 'attempted');
  check(`${ACTS} acts were done`, drive.acts.length === ACTS, drive.acts.length);
  check(`${ACTS} entries tell of them`, done.length === ACTS, done.length);
  const kinds = [...new Set(drive.acts.map(({ kind }) => kind))].toSorted();
  console.log(`       of ${kinds.length} kinds: ${kinds.join(', ')}`);
  const byRequest = grouped(done);
  const wrong = drive.acts.filter((act) => !isRight(act, byRequest.get(act.requestId), drive.deleted));
  check(
    'each has type, outcome, actor, subject, address, request and details as expected',
    wrong.length === 0,
    wrong.slice(0, 3).map((act) => [act, byRequest.get(act.requestId)]),
  );
  const orders = done.every(({ at }) => Date.parse(at) >= from.getTime() && Date.parse(at) < to.getTime());
  check('each has a time between the first act and the last', orders);
  const alone = attempted.filter(({ requestId }) => !byRequest.has(requestId));
  check(`${attempted.length} attempts stand before what came of them`, alone.length === 0, alone);
  const text = JSON.stringify(events);
  const leaks = [...users.map(({ email }) => email), admin.email, password].filter((word) =>
    text.includes(word),
  );
  check('none holds an e-mail or a password', leaks.length === 0, leaks);

  // What verification says.
  await stopService();
  verified('the untouched trail is intact', 0, /^INTACT /);
  const count = Number((await query('SELECT max(seq) AS seq FROM audit_events'))[0].seq);
  await sql('CREATE TABLE kept AS TABLE audit_events');
  for (const seq of [1, 2 + Math.floor(Math.random() * (count - 2)), count]) {
    const [{ id }] = await query(`SELECT id FROM kept WHERE seq = ${seq}`);
    await tampered(`UPDATE audit_events SET outcome = 'failed' WHERE seq = ${seq}`);
    verified(`seq ${seq} edited`, 1, new RegExp(`^TAMPERED  seq ${seq}, event ${id}: changed`));
    await tampered(`DELETE FROM audit_events WHERE seq = ${seq}`);
    verified(`seq ${seq} deleted`, 1, new RegExp(`^TAMPERED  seq ${seq}: removed`));
    const [forged, another] = [
      crypto.randomUUID(),
      'type, outcome, actor_id, subject_id, address, request_id',
    ];
    await tampered(
      `UPDATE audit_events SET seq = -seq - 1 WHERE seq >= ${seq}`,
      'UPDATE audit_events SET seq = -seq WHERE seq < 0',
      `INSERT INTO audit_events (id, at, ${another}, details, key_id, mac, seq, chain)
       SELECT '${forged}', at, ${another}, details, key_id, mac, ${seq}, chain FROM audit_events WHERE seq = ${seq + 1}`,
    );
    verified(`slipped in at seq ${seq}`, 1, new RegExp(`^TAMPERED  seq ${seq}, event ${forged}: slipped in`));
  }
  await tampered();
  verified('the restored trail is intact', 0, /^INTACT /);
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** Runs statements one after the other. */
async function sql(...statements) {
  for (const statement of statements) await pool.query(statement);
}

async function query(statement) {
  return (await pool.query(statement)).rows;
}

/** Puts the trail back as it was, then does something to it. */
async function tampered(...statements) {
  await sql('TRUNCATE audit_events', 'INSERT INTO audit_events SELECT * FROM kept', ...statements);
}

function verified(what, code, said) {
  const run = spawnSync(process.execPath, ['scripts/audit-verify.mjs'], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: databaseUrl, SECRET_KEYS: secretKeys },
  });
  check(`${what}: ${run.stdout.trim()}`, run.status === code && said.test(run.stdout), run.stderr);
}

function isRight(act, entries, deleted) {
  const [entry, ...more] = entries ?? [];
  if (entry === undefined || more.length > 0) return false;
  const { type, outcome = 'success', actorId, subjectId, details = {}, address } = act;
  // The address of a user who is gone is gone too.
  const expected = {
    type,
    outcome,
    actorId,
    subjectId,
    address: deleted.has(actorId ?? subjectId) ? null : address,
    details,
  };
  const shown = Object.fromEntries(Object.keys(expected).map((name) => [name, entry[name]]));
  return isDeepStrictEqual(shown, expected);
}

function grouped(entries) {
  const groups = new Map();
  for (const entry of entries) {
    groups.set(entry.requestId, [...(groups.get(entry.requestId) ?? []), entry]);
  }
  return groups;
}

function bearer({ accessToken }) {
  return { headers: { Authorization: `Bearer ${accessToken}` } };
}

async function logIn({ api }, { email, password: secret }) {
  const response = await fetch(`${api}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: secret }),
  });
  if (response.status !== 200) throw new Error(`login answered ${response.status}`);
  const tokens = await response.json();
  return { email, password: secret, id: tokens.user.id, sessionId: sessionOf(tokens), ...tokens };
}
