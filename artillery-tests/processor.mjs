// Runs inside Artillery: writes down every answer, and gives each virtual user somebody to be.
import { randomInt } from 'node:crypto';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const answers = openSync(process.env.ANSWERS, 'a');
const people = JSON.parse(readFileSync(process.env.PEOPLE, 'utf8'));
const MAIL_MS = 30_000;
const POLL_MS = 250;
/** Tells newcomers of one run from those of another against the same service. */
const { RUN = '' } = process.env;

let users = 0;

/** The same clock for all threads, and none can set it. Milliseconds. */
function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** First hook of every request: says by `X-Forwarded-For` which address it comes from. */
export function sending(request, { vars }, _events, done) {
  request.headers = { ...request.headers, 'X-Forwarded-For': vars.address };
  request.sent = now();
  done();
}

/** Last hook of every answer: one line of JSON, which run.mjs reads. */
export function answered(request, response, context, _events, done) {
  const { pathname } = new URL(request.url);
  const problem = response.headers['content-type']?.startsWith('application/problem+json');
  const { vars } = context;
  const answer = {
    sent: request.sent,
    received: now(),
    route: `${request.method} ${pathname}`,
    status: response.statusCode,
    code: problem ? JSON.parse(response.body).code : codeOfPage(response),
    rateLimit: response.headers['ratelimit'],
    retryAfter: Number(response.headers['retry-after']),
    address: vars.address,
    email: request.json?.email ?? request.json?.newEmail ?? vars.email,
    session: sessionOf(vars.accessToken),
    exempt: vars.exempt === true,
    grants: response.body.includes('"accessToken"'),
    as: vars.as,
  };
  writeSync(answers, `${JSON.stringify(answer)}\n`);
  done();
}

/** A page behind a link has no room for a code; what it tells of a link that does not work counts as this. */
function codeOfPage({ statusCode }) {
  return statusCode === 400 ? 'validation_failed' : undefined;
}

/** The session that an access token names. */
function sessionOf(accessToken) {
  if (accessToken === undefined) return undefined;
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url')).sid;
}

/** Many people behind one address, each with the right password. */
export function inOneOffice({ vars }, _events, done) {
  const { email, password } = people[users++ % people.length];
  Object.assign(vars, { address: '198.18.0.1', email, password });
  done();
}

/** In turn: one address asks for one e-mail; one address for many; many addresses for one. */
export function inTheFlood({ vars }, _events, done) {
  const n = users++;
  const unique = `${threadId}-${n}`;
  const turns = [
    { as: 'one for one', address: '198.18.0.1', email: 'target@example.com' },
    { as: 'one for many', address: '198.18.0.2', email: `target-${unique}@example.com` },
    { as: 'many for one', address: ownAddress(n), email: people[0].email },
  ];
  Object.assign(vars, turns[n % turns.length]);
  done();
}

/** Guesses at one account from 200 addresses; later, when those have spent their budget, its owner comes now and then, at home. */
export function amongStuffers({ vars }, _events, done) {
  const [{ email, password, address }] = people;
  const n = users++;
  const owner = { as: 'owner', address, email, password, exempt: true };
  const stranger = {
    as: 'stranger',
    address: `198.19.0.${n % 200}`,
    email,
    password: `guess-${threadId}-${n}`,
  };
  Object.assign(vars, n > 200 && n % 20 === 0 ? owner : stranger);
  done();
}

/** Guesses from one address at accounts of a list, of which some are there. */
export function withAList({ vars }, _events, done) {
  const n = users++;
  const email = n % 10 === 0 ? people[(n / 10) % people.length].email : `leaked-${n % 500}@example.com`;
  Object.assign(vars, { address: '198.18.0.1', email, password: `leaked-${threadId}-${n}` });
  done();
}

/** Made-up tokens from one address. */
export function withMadeUpTokens({ vars }, _events, done) {
  Object.assign(vars, { address: '198.18.0.2', token: `made.up.${users++}` });
  done();
}

/** Somebody new, at an address of their own. */
export function asSomebody({ vars }, _events, done) {
  const n = users++;
  const name = `ann${RUN}${threadId}x${n}`;
  Object.assign(vars, {
    address: ownAddress(n),
    email: `${name}@example.com`,
    newEmail: `${name}@example.org`,
    username: `Ann ${n}`,
    password: `violet-lantern-${randomInt(1000, 10_000)}`,
    newPassword: `copper-harbour-${randomInt(1000, 10_000)}`,
  });
  done();
}

/** The first admin, at one address. */
export function asAdmin({ vars }, _events, done) {
  const { email, password } = people[0];
  Object.assign(vars, { address: '198.19.255.1', email, password });
  done();
}

/** Before a request that causes a mail, for `readMail`. */
export function noteTime({ vars }, _events, done) {
  vars.askedAt = Date.now();
  done();
}

/** Waits for the mail of that request; sets `code`, `token` and `link` (a token) as far as the mail has them. */
export async function readMail({ vars }) {
  return mailFor(vars, vars.email);
}

/** The same at the new address of a change of e-mail. */
export async function readMailAtNewAddress({ vars }) {
  return mailFor(vars, vars.newEmail);
}

async function mailFor(vars, email) {
  const until = Date.now() + MAIL_MS;
  while (Date.now() < until) {
    const mail = (await inbox()).find(({ to, at }) => to === email && Date.parse(at) >= vars.askedAt);
    const [, code] = /^(\d{6})$/m.exec(mail?.text ?? '') ?? [];
    if (code !== undefined) {
      vars.code = code;
      vars.token = /^otp-token: (\S+)$/m.exec(mail.text)?.[1];
      vars.link = /verify-email\?token=(\S+)$/m.exec(mail.text)?.[1];
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`no mail within ${MAIL_MS / 1000} s`);
}

let asked;

/** The inbox as it was at most a moment ago, however many wait for a mail. */
function inbox() {
  asked ??= fetch(`${process.env.INBOX}/api/messages`, { signal: AbortSignal.timeout(10_000) })
    .then((response) => response.json())
    .finally(() => setTimeout(() => (asked = undefined), POLL_MS));
  return asked;
}

/** One of 198.18.0.0/15, which RFC 2544 keeps for such tests; the low ones are for those that share one. */
function ownAddress(n) {
  const number = 4096 + ((threadId * 4096 + n) % 61_440);
  return `198.18.${number >> 8}.${number & 255}`;
}
