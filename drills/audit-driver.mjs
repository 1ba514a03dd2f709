const PASSWORDS = ['violet-lantern-47', 'amber-compass-58'];
const ANSWER_MS = 10_000;

/** Acts over HTTP, one after the other, each from an address and in a request of its own, with the entry it is to leave. */
export class AuditDriver {
  /** What was done: the kind, the request, and what the trail is to say of it. */
  acts = [];
  /** Ids of users who were removed. */
  deleted = new Set();
  #service;
  #root;
  #users;

  constructor(service, root, users) {
    this.#service = service;
    this.#root = root;
    this.#users = users.map((user) => ({ ...user, other: PASSWORDS.find((one) => one !== user.password) }));
  }

  /** So many acts, in turn by all users; the last five remove three of them. */
  async drive(count) {
    while (this.acts.length < count - 5) {
      const [user] = this.#users;
      for (const step of this.#steps(user)) {
        if (this.acts.length >= count - 5) break;
        await step();
      }
      // To the end of the line: those in front have had their turn, to its end.
      this.#users.push(this.#users.shift());
    }
    const [first, second, third] = this.#users;
    await this.#removesItself(first);
    await this.#removesItself(second);
    await this.#isRemoved(third);
  }

  *#steps(user) {
    const own = { actorId: user.id, subjectId: user.id };
    const toOwn = { actorId: null, subjectId: user.id };
    const byRoot = { actorId: this.#root.id, subjectId: user.id };
    const { email } = user;
    let second;

    yield () => this.#logIn(user);
    yield () =>
      this.#act('change of a name', 'PATCH', '/users/me', {
        body: { username: `User ${this.acts.length}` },
        token: user,
        expected: { type: 'user_updated', ...own, details: { what: 'username' } },
      });
    yield () =>
      this.#act('failed login', 'POST', '/auth/login', {
        body: { email, password: 'not this one' },
        status: 401,
        expected: failed(toOwn, { method: 'password', reason: 'invalid_credentials' }),
      });
    yield () =>
      this.#act('password given again', 'POST', '/auth/reauthenticate', {
        body: { password: user.password },
        token: user,
        expected: {
          type: 'authn_login_success',
          ...own,
          details: { method: 'reauthentication', sessionId: user.sessionId },
        },
      });
    yield () =>
      this.#act('wrong password given again', 'POST', '/auth/reauthenticate', {
        body: { password: 'not this one' },
        token: user,
        status: 403,
        expected: failed(own, { method: 'reauthentication', reason: 'invalid_credentials' }),
      });
    yield () =>
      this.#act('use of the admin surface by a user', 'GET', '/admin/users', {
        token: user,
        status: 403,
        expected: { type: 'authz_fail', outcome: 'failure', ...own, details: { code: 'forbidden' } },
      });
    yield () =>
      this.#act('wrong code', 'POST', '/otp/verify', {
        body: { email, purpose: 'login', otp: '000000' },
        status: 400,
        expected: failed(toOwn, { method: 'otp', purpose: 'login', reason: 'unknown' }),
      });
    yield async () => {
      second = { ...user };
      await this.#logIn(second);
    };
    yield () =>
      this.#act('end of another session', 'DELETE', `/users/me/sessions/${second.sessionId}`, {
        token: user,
        expected: { type: 'authn_token_revoked', ...own, details: { sessionId: second.sessionId } },
      });
    yield async () => {
      await this.#act('change of a password', 'PUT', '/users/me/password', {
        body: { currentPassword: user.password, newPassword: user.other },
        token: user,
        expected: { type: 'authn_password_change', ...own, details: { method: 'change' } },
      });
      [user.password, user.other] = [user.other, user.password];
    };
    yield () =>
      this.#act('start of a reset by an admin', 'POST', `/admin/users/${user.id}/password-reset`, {
        token: this.#root,
        expected: { type: 'authz_admin', ...byRoot, details: { what: 'password reset started' } },
      });
    yield () =>
      this.#act('logout', 'POST', '/auth/logout', {
        token: user,
        expected: { type: 'authn_token_revoked', ...own, details: { sessionId: user.sessionId } },
      });
    yield () =>
      this.#act('registration of a known address', 'POST', '/auth/register', {
        body: { email, username: 'Somebody', password: 'granite-orchard-31' },
        expected: {
          type: 'user_created',
          outcome: 'failure',
          ...toOwn,
          details: { what: 'registration' },
        },
      });
    let token;
    yield async () => {
      const otp = await this.#resetCode(email);
      const answer = await this.#act('reset code', 'POST', '/otp/verify', {
        body: { email, purpose: 'reset_password', otp },
        expected: { type: 'authn_token_created', ...toOwn, details: { what: 'reset token' } },
      });
      token = answer.resetToken;
    };
    yield async () => {
      await this.#act('reset of a password', 'POST', '/auth/password/reset', {
        body: { resetToken: token, newPassword: user.other },
        expected: { type: 'authn_password_change', ...own, details: { method: 'reset' } },
      });
      [user.password, user.other] = [user.other, user.password];
    };
    yield () => this.#logIn(user);
    yield async () => {
      const refresh = async (refreshToken) =>
        (await this.#send('POST', '/auth/refresh', { body: { refreshToken } }, 200)).refreshToken;
      await refresh(await refresh(user.refreshToken));
      await this.#act('reuse of a refresh token', 'POST', '/auth/refresh', {
        body: { refreshToken: user.refreshToken },
        status: 401,
        expected: {
          type: 'authn_token_reuse',
          outcome: 'failure',
          ...toOwn,
          details: { sessionId: user.sessionId },
        },
      });
    };
    yield () => this.#logIn(user);
    yield () =>
      this.#act('logout everywhere', 'POST', '/auth/logout-all', {
        token: user,
        expected: { type: 'authn_token_revoked', ...own, details: { sessions: 1 } },
      });
    yield () => this.#logIn(user);
    yield () =>
      this.#act('logout by an admin', 'POST', `/admin/users/${user.id}/logout`, {
        token: this.#root,
        expected: { type: 'authn_token_revoked', ...byRoot, details: { sessions: 1 } },
      });
    const change = (kind, body, type, details) => () =>
      this.#act(kind, 'PATCH', `/admin/users/${user.id}`, {
        body,
        token: this.#root,
        expected: { type, ...byRoot, details },
      });
    yield change('disabling', { disabled: true }, 'authn_login_lock', { until: null });
    yield () =>
      this.#act('login of a disabled user', 'POST', '/auth/login', {
        body: { email, password: user.password },
        status: 403,
        expected: failed(toOwn, { method: 'password', reason: 'account_disabled' }),
      });
    yield change('enabling', { disabled: false }, 'user_updated', { what: 'enabled' });
    const roles = (from, to) => ['privilege_permissions_changed', { from, to }];
    yield change('promotion', { role: 'ADMIN' }, ...roles('USER', 'ADMIN'));
    yield change('demotion', { role: 'USER' }, ...roles('ADMIN', 'USER'));
    yield () =>
      this.#act('entry of the allow-list', 'POST', '/admin/allowlist', {
        body: { cidr: '198.18.0.0/15' },
        token: this.#root,
        expected: ({ id }) => ({
          type: 'authz_admin',
          ...byRoot,
          subjectId: null,
          details: { what: 'allow-list entry added', entryId: id, bits: 15, expiresAt: null },
        }),
      });
    yield () =>
      this.#act('opening of the allow-list', 'DELETE', '/admin/allowlist?open=true', {
        token: this.#root,
        expected: {
          type: 'authz_admin',
          ...byRoot,
          subjectId: null,
          details: { what: 'allow-list opened', entries: 1 },
        },
      });
  }

  async #logIn(user) {
    const tokens = await this.#act('login', 'POST', '/auth/login', {
      body: { email: user.email, password: user.password },
      expected: (answer) => ({
        type: 'authn_login_success',
        actorId: user.id,
        subjectId: user.id,
        details: { method: 'password', sessionId: sessionOf(answer), endedSessions: 0 },
      }),
    });
    Object.assign(user, tokens, { sessionId: sessionOf(tokens) });
  }

  async #removesItself(user) {
    await this.#logIn(user);
    await this.#act('removal of the own account', 'DELETE', '/users/me', {
      body: { password: user.password },
      token: user,
      expected: { type: 'user_deleted', actorId: user.id, subjectId: user.id },
    });
    this.deleted.add(user.id);
  }

  async #isRemoved(user) {
    await this.#act('removal by an admin', 'DELETE', `/admin/users/${user.id}`, {
      token: this.#root,
      expected: { type: 'user_deleted', actorId: this.#root.id, subjectId: user.id },
    });
    this.deleted.add(user.id);
  }

  /** Does it, and keeps what the trail is to say: `expected` may need the answer. Returns the answer. */
  async #act(kind, method, path, { expected, status, ...sent }) {
    const n = this.acts.length;
    const requestId = `drill-act-${String(n).padStart(4, '0')}`;
    const address = `198.18.${n >> 8}.${n & 255}`;
    const answer = await this.#send(method, path, { ...sent, requestId, address }, status);
    const entry = typeof expected === 'function' ? expected(answer) : expected;
    this.acts.push({ kind, requestId, address, ...entry });
    return answer;
  }

  /** Throws if the answer has another status; by default any of success will do. */
  async #send(method, path, { body, token, requestId, address = '198.19.0.1' }, status) {
    const response = await fetch(this.#service.api + path, {
      method,
      headers: {
        'X-Forwarded-For': address,
        ...(requestId && { 'X-Request-Id': requestId }),
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token && { Authorization: `Bearer ${token.accessToken}` }),
      },
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    if (status === undefined ? !response.ok : response.status !== status) {
      throw new Error(`${method} ${path} answered ${response.status} ${text}`);
    }
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Asks for a reset code, and reads it from the mail. */
  async #resetCode(email) {
    const since = Date.now();
    await this.#send('POST', '/otp/request', { body: { email, purpose: 'reset_password' } });
    for (let attempt = 0; attempt < 100; attempt++) {
      const mails = await (await fetch(`${this.#service.inbox}/api/messages`)).json();
      for (const { to, text, at } of mails) {
        const code = /^\d{6}$/m.exec(text);
        if ([to].flat().join().includes(email) && Date.parse(at) >= since && code) return code[0];
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no reset code for ${email} within 5 s`);
  }
}

function failed(whom, details) {
  return { type: 'authn_login_fail', outcome: 'failure', ...whom, details };
}

export function sessionOf({ accessToken }) {
  return JSON.parse(Buffer.from(accessToken.split('.')[1], 'base64url')).sid;
}
