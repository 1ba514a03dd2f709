// Can an attacker keep the owner of an account out? 200 addresses try wrong passwords on one account for half a minute, while
// its owner logs in every second from an address that the account knows. How many of their passwords were compared at all
// is told by the answers: 401 is a comparison, 429 is none.
//
//   npm run drill:limits-owner       SECONDS=30 ADDRESSES=200
//
// The limits are those of the settings' defaults. Every other try claims to come from the owner's address, before the one
// that the proxy has seen, and every other one writes the e-mail in capitals. In the end even the right password is tried
// from a stranger's address.
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { openFleet } from './fleet.mjs';

const SECONDS = Number(process.env.SECONDS ?? 30);
const ADDRESSES = Number(process.env.ADDRESSES ?? 200);
/** Between two tries of one address: its own limit (2 a second) admits each, so that the account's has to refuse it. */
const PAUSE_MS = 1_000;
/** Those of RATE_LIMIT_LOGIN_ACCOUNT_ALL. */
const BUDGET = { capacity: 50, refill: 0.0005 };
const HOME = '203.0.113.7';
const owner = { email: 'owner@example.com', username: 'Ada', password: 'violet-lantern-47' };

const fleet = await openFleet({ TRUST_PROXY: '1', BCRYPT_COST: '4' });
try {
  const { port } = await fleet.start();
  await call(port, HOME, '/register', owner);
  await fleet.pool.query('UPDATE users SET email_verified_at = now()');
  const { status } = await logIn(port, HOME, owner.email, owner.password);
  check(`the owner logs in once from the address that is to be known: ${status}`, status === 200);
  await attack(port);
} finally {
  await fleet.stop();
}

async function attack(port) {
  const end = performance.now() + SECONDS * 1_000;
  const strangers = new Map();
  const stranger = async (number) => {
    const address = `198.18.${number >> 8}.${number & 255}`;
    // Not all in one moment: the attack is on the account, not on the machine that all of this runs on.
    await sleep((number * PAUSE_MS) / ADDRESSES);
    for (let turn = 0; performance.now() < end; turn += 1) {
      const from = turn % 2 === 0 ? address : `${HOME}, ${address}`;
      const email = turn % 2 === 0 ? owner.email : owner.email.toUpperCase();
      const { code } = await logIn(port, from, email, `guess number ${number} ${turn}`);
      strangers.set(code, (strangers.get(code) ?? 0) + 1);
      await sleep(PAUSE_MS);
    }
  };
  const attacking = Array.from({ length: ADDRESSES }, (_, number) => stranger(number));
  const logins = new Map();
  const times = [];
  while (performance.now() < end) {
    const begun = performance.now();
    const { code } = await logIn(port, HOME, owner.email, owner.password);
    times.push(performance.now() - begun);
    logins.set(code, (logins.get(code) ?? 0) + 1);
    await sleep(Math.max(0, 1_000 - times.at(-1)));
  }
  await Promise.all(attacking);

  times.sort((a, b) => a - b);
  check(
    `the owner, from the known address, meanwhile: ${told(logins)} (median ${times[times.length >> 1].toFixed(0)} ms, ` +
      `longest ${times.at(-1).toFixed(0)} ms)`,
    logins.get('200') === times.length,
  );
  const compared = strangers.get('401 invalid_credentials') ?? 0;
  const most = BUDGET.capacity + Math.floor(BUDGET.refill * SECONDS);
  check(
    `${ADDRESSES} strangers' addresses in ${SECONDS} s: ${told(strangers)}: ${compared} passwords compared`,
    compared >= BUDGET.capacity && compared <= most,
  );
  const right = await logIn(port, '198.19.0.1', owner.email, owner.password);
  check(`the right password from one more stranger's address: ${right.code}`, right.status === 429);
}

function told(counts) {
  return [...counts].map(([code, count]) => `${count} x ${code}`).join(', ');
}

function logIn(port, from, email, password) {
  return call(port, from, '/login', { email, password });
}

async function call(port, from, path, body) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/auth${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': from },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  }).catch((error) => ({ status: 0, json: () => ({ code: error.name }) }));
  const { code = '' } = await response.json();
  return { status: response.status, code: `${response.status} ${code}`.trim() };
}
