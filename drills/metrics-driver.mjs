const ANSWER_MS = 30_000;
const MAIL_MS = 30_000;
/** Mails that anybody can cause by an address, of which each recipient gets so many. */
const BUDGET = 5;

/** What each series is to be told to have grown by, as it follows from what was done and from the contract alone. */
export class Ledger {
  grown = new Map();

  add(name, labels = {}, by = 1) {
    const series = seriesOf(name, labels);
    this.grown.set(series, (this.grown.get(series) ?? 0) + by);
  }

  /** Answers to requests of this route. */
  answered(route, method, status, by = 1) {
    this.add('http_request_duration_seconds_count', { route, method, status }, by);
    const scope = /^(\/metrics|\/health\/\w+|unmatched)$/.test(route) ? 'others' : 'users';
    this.add('http_answers_total', { scope, class: `${String(status)[0]}xx` }, by);
  }
}

export function seriesOf(name, labels) {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** Calls over HTTP, one event each, every one written into the ledger with all that it is to move. */
export class Driver {
  calls = 0;
  ledger = new Ledger();
  /** Ids of the live sessions of each user. */
  live = new Map();
  #service;
  #smtp;
  #verified = new Set();
  #budgets = new Map();
  #mails = new Map();

  constructor(service, smtp) {
    this.#service = service;
    this.#smtp = smtp;
  }

  /**
   * One call, answered by `status` and, if that is a problem, by `code` (which may be a list: the answer says which).
   * `allowed` and `blocked` are the limits it is decided on beside the global one, `hashes` the passwords it costs.
   */
  async call(method, path, options = {}) {
    const { route = path, status = 200, code, token, body, headers = {}, address = '198.18.0.1' } = options;
    const { limited = true, allowed = [], blocked = [], hashes = 0, mode = 'enforce' } = options;
    this.calls += 1;
    const response = await fetch(this.#service.baseUrl + path, {
      method,
      headers: {
        'X-Forwarded-For': address,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = isJson && text !== '' ? JSON.parse(text) : {};
    const expected = [status].flat().includes(response.status) && [code].flat().includes(answer.code);
    if (!expected) throw new Error(`${method} ${path} answered ${response.status} ${text}`);

    this.ledger.answered(route.split('?')[0], method, response.status);
    if (response.status >= 400) this.ledger.add('error_events_total', { code: answer.code });
    if (limited) this.ledger.add('rate_limits_allowed', { policy: 'global', mode: 'enforce' });
    for (const policy of allowed) this.ledger.add('rate_limits_allowed', { policy, mode });
    for (const policy of blocked) this.ledger.add('rate_limits_blocked', { policy, mode });
    if (token !== undefined) this.#lookedUp(token, answer.code);
    this.hashed(answer.code === 'overloaded' ? 0 : hashes);
    if (answer.code === 'overloaded') this.ledger.add('password_hash_rejected_total');
    return { ...answer, status: response.status, cookie: response.headers.getSetCookie()[0]?.split(';')[0] };
  }

  /** An attempt to get in, by how it was answered. */
  attempted(action, method, { code }) {
    const end = endOf(code);
    this.ledger.add('auth_attempts_total', { action, method, ...end });
    if (action !== 'login') return;
    if (method === 'password') this.ledger.add('login_requests_total', { outcome: code ?? 'success' });
    if (code === undefined) this.ledger.add('auth_success_total', { method });
  }

  presented(purpose, method, { code }) {
    this.ledger.add('otp_attempts_total', { purpose, method, ...endOf(code) });
  }

  begun(answer) {
    const { sub, sid } = claimsOf(answer.accessToken);
    this.live.set(sub, (this.live.get(sub) ?? new Set()).add(sid));
  }

  ended(userId, sessionId) {
    this.live.get(userId)?.delete(sessionId);
  }

  endedAll(userId, except) {
    this.live.set(userId, new Set([...(this.live.get(userId) ?? [])].filter((id) => id === except)));
  }

  /** A mail that is to come, to somebody who is to get it: waits for it. Undefined where the recipient has had enough. */
  async mailed(kind, email, { budgeted = true, tries = 1, arrives = true } = {}) {
    for (let tried = 1; budgeted && tried <= tries; tried += 1) {
      const taken = this.#budgets.get(email) ?? 0;
      // Half is for codes; a notice that finds no more than that asks for none of it.
      if (kind === 'ALREADY_REGISTERED' && BUDGET - taken <= Math.floor(BUDGET / 2)) return undefined;
      const [name, ends] = taken < BUDGET ? ['rate_limits_allowed', false] : ['rate_limits_blocked', true];
      this.ledger.add(name, { policy: 'mail', mode: 'enforce' });
      if (ends) return undefined;
      // A try that failed gave its share back.
      if (tried === tries && arrives) this.#budgets.set(email, taken + 1);
    }
    if (tries > 1) this.ledger.add('mails_total', { kind, outcome: 'failed' }, tries - 1);
    this.ledger.add('mails_total', { kind, outcome: arrives ? 'sent' : 'given_up' });
    if (!arrives) return undefined;
    const nth = (this.#mails.get(email) ?? 0) + 1;
    this.#mails.set(email, nth);
    for (const until = performance.now() + MAIL_MS; performance.now() < until; await pause(20)) {
      const mail = this.#smtp.received.filter(({ to }) => to === email)[nth - 1];
      if (mail !== undefined) return mail.text;
    }
    throw new Error(`no ${kind} for ${email} within ${MAIL_MS / 1000} s`);
  }

  hashed(count) {
    if (count === 0) return;
    for (const what of ['wait', 'duration']) {
      this.ledger.add(`password_hash_${what}_seconds_count`, {}, count);
    }
  }

  /** A good token is verified once, and remembered; a bad one each time. */
  #lookedUp(token, code) {
    const hit = this.#verified.has(token);
    this.ledger.add('access_token_cache_lookups_total', { result: hit ? 'hit' : 'miss' });
    if (code !== 'invalid_token') this.#verified.add(token);
  }
}

function endOf(code) {
  return code === undefined ? { outcome: 'success', reason: 'none' } : { outcome: 'failure', reason: code };
}

export function claimsOf(accessToken) {
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url'));
}

export function digitsIn(text) {
  return /^\d{6}$/m.exec(text)[0];
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
