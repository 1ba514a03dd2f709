// Can anybody tell by the answer, or by its time, whether an address is registered?
//
//   npm run bench:enumeration            500 interleaved pairs of each call
//   PAIRS=100 npm run bench:enumeration
//
// Prints for each call whether the answers differ in a byte (request id and date aside), and the difference of the
// medians. Ends with code 1 if a byte differs or a difference reaches 5 ms.
import { post, signUp, startService } from './service.mjs';

const PAIRS = Number(process.env.PAIRS ?? 500);
const LIMIT_MS = 5;

const open = '1000000/1000000';
const service = await startService({
  BCRYPT_COST: process.env.BCRYPT_COST ?? '10',
  ...Object.fromEntries(
    [
      'GLOBAL',
      'LOGIN',
      'LOGIN_ACCOUNT',
      'LOGIN_ACCOUNT_ALL',
      'REGISTER',
      'OTP_REQUEST',
      'OTP_REQUEST_ADDRESS',
      'MAIL',
    ].map((name) => [`RATE_LIMIT_${name}`, open]),
  ),
});

const password = 'violet-lantern-47';
const known = { email: 'known@example.com', username: 'Known One', password };
const asker = { email: 'asker@example.com', username: 'Asking One', password };
let accessToken;
const bodies = {
  registration: (email) => ['/auth/register', { email, username: 'Somebody', password }],
  'login failure': (email) => ['/auth/login', { email, password: 'not this one' }],
  'code request': (email) => ['/otp/request', { email, purpose: 'login' }],
  'reset request': (email) => ['/otp/request', { email, purpose: 'reset_password' }],
  'e-mail change': (email) => [
    '/users/me/email',
    { newEmail: email, password },
    { Authorization: `Bearer ${accessToken}` },
  ],
};

let failed = false;
try {
  await signUp(service, known);
  await signUp(service, asker);
  const login = await post(service, '/auth/login', { email: asker.email, password });
  ({ accessToken } = await login.json());
  for (const [name, call] of Object.entries(bodies)) {
    const times = { known: [], unknown: [] };
    const answers = new Set();
    for (let pair = 0; pair < PAIRS; pair++) {
      const emails = { known: known.email, unknown: `unknown-${name.replace(' ', '-')}-${pair}@example.com` };
      // Which goes first alternates, so that neither always finds the other's work under way.
      const order = pair % 2 === 0 ? ['known', 'unknown'] : ['unknown', 'known'];
      for (const kind of order) {
        const begun = performance.now();
        const response = await post(service, ...call(emails[kind]));
        const text = await response.text();
        times[kind].push(performance.now() - begun);
        answers.add(comparable(response, text));
      }
    }
    const [knownMs, unknownMs] = [median(times.known), median(times.unknown)];
    const difference = Math.abs(knownMs - unknownMs);
    const ok = answers.size === 1 && difference < LIMIT_MS;
    failed ||= !ok;
    console.log(
      `${name.padEnd(14)} ${PAIRS} pairs: ${answers.size} different answer${answers.size === 1 ? '' : 's'}; median known ${knownMs.toFixed(2)} ms, unknown ${unknownMs.toFixed(2)} ms, difference ${difference.toFixed(2)} ms ${ok ? 'ok' : 'TOO MUCH'}`,
    );
  }
} finally {
  await service.stop();
}
process.exitCode = failed ? 1 : 0;

/** The answer with all that varies from call to call for everybody taken out: id, date, what buckets hold. */
function comparable(response, text) {
  const id = response.headers.get('x-request-id');
  const headers = [...response.headers].filter(
    ([name]) => !['x-request-id', 'date', 'ratelimit', 'x-ratelimit-remaining'].includes(name),
  );
  return JSON.stringify([response.status, headers, text.replaceAll(id, 'ID')]);
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
