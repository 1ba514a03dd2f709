import { claimsOf, digitsIn } from './metrics-driver.mjs';

const V1 = '/api/v1';
/** The budget of strangers too: whose address is known gets that back. */
const LOGIN = ['login', 'login-account', 'login-account-all'];
const OTP_REQUEST = ['otp-request', 'otp-request-address'];

/**
 * The life of one account, from its registration to its new e-mail, with what goes wrong on the way. `lose` makes Redis
 * forget a session.
 */
export async function liveThrough(drive, n, lose) {
  const address = `198.18.1.${n + 1}`;
  const user = { email: `user${n}@example.com`, username: `User ${n}`, password: `violet-lantern-${n}-a` };
  const { ledger } = drive;
  const at = (method, path, options) => drive.call(method, V1 + path, { address, ...options });

  const register = () =>
    at('POST', '/auth/register', { body: user, status: 202, allowed: ['register'], hashes: 1 });
  const login = async ({ password = user.password, transport = '', ...options } = {}) => {
    const answer = await at('POST', `/auth/login${transport}`, {
      body: { email: user.email, password },
      allowed: LOGIN,
      hashes: 1,
      ...options,
    });
    drive.attempted('login', 'password', answer);
    if (answer.status === 200) drive.begun(answer);
    return answer;
  };
  const refresh = async (refreshToken, options = {}) => {
    const answer = await at('POST', '/auth/refresh', { body: { refreshToken }, ...options });
    drive.attempted('refresh', 'body', answer);
    return answer;
  };
  const ask = async (purpose, email = user.email) => {
    await at('POST', '/otp/request', { body: { email, purpose }, status: 202, allowed: OTP_REQUEST });
    ledger.add('otp_requests_total', { purpose });
  };
  const verify = async (purpose, otp, method, options = {}) => {
    const body = { email: user.email, purpose, otp };
    const answer = await at('POST', '/otp/verify', { body, allowed: ['otp-verify'], ...options });
    drive.presented(purpose, method, answer);
    if (purpose === 'login') drive.attempted('login', 'otp', answer);
    return answer;
  };
  const wrongOtp = { status: 400, code: 'invalid_otp' };

  // Registers twice: the second takes the place of the first.
  let mail;
  for (const _ of [1, 2]) {
    await register();
    ledger.add('account_funnel_total', { stage: 'registered' });
    mail = await drive.mailed('VERIFY_EMAIL', user.email);
  }
  const digits = digitsIn(mail);
  await verify('verify_email', otherThan(digits), 'digits', wrongOtp);
  await login({ status: 403, code: 'email_not_verified' });
  if (n % 2 === 0) {
    await verify('verify_email', digits, 'digits');
  } else {
    const link = /\/verify-email\?token=\S+/.exec(mail)[0];
    await drive.call('GET', link, { route: '/verify-email', address });
    await drive.call('POST', link, { route: '/verify-email', address });
  }
  ledger.add('account_funnel_total', { stage: 'verified' });

  // Registers a known address.
  await register();
  await drive.mailed('ALREADY_REGISTERED', user.email);

  // Logs in, and is seen.
  await login({ password: 'not this one', status: 401, code: 'invalid_credentials' });
  const first = await login();
  ledger.add('account_funnel_total', { stage: 'first_login' });
  const { sub: userId, sid: firstId } = claimsOf(first.accessToken);
  for (const _ of [1, 2, 3]) await at('GET', '/users/me', { token: first.accessToken });
  await at('GET', '/users/me', { token: `${first.accessToken}x`, status: 401, code: 'invalid_token' });
  await at('GET', '/users/me', { status: 401, code: 'unauthenticated' });
  await at('GET', '/admin/users', { token: first.accessToken, status: 403, code: 'forbidden' });

  // Refreshes, and a stolen token comes back.
  const second = await refresh(first.refreshToken, { allowed: ['refresh'] });
  await refresh(second.refreshToken, { allowed: ['refresh'] });
  await refresh(first.refreshToken, { status: 401, code: 'refresh_token_reused' });
  ledger.add('tokens_reused_total');
  drive.ended(userId, firstId);
  await drive.mailed('TOKEN_REUSED', user.email, { budgeted: false });
  await refresh('tgr_forged', { status: 401, code: 'invalid_refresh_token' });

  // By a code, and in a browser.
  await ask('login');
  const code = digitsIn(await drive.mailed('LOGIN_CODE', user.email));
  await verify('login', otherThan(code), 'digits', wrongOtp);
  await verify('login', 'no-such-token', 'token', wrongOtp);
  drive.begun(await verify('login', code, 'digits'));
  const page = { 'Sec-Fetch-Site': 'same-origin' };
  const { cookie } = await login({ transport: '?transport=cookie', headers: page });
  for (const headers of [{ ...page, Cookie: cookie }, page]) {
    const gone = headers === page && { status: 401, code: 'invalid_refresh_token' };
    const allowed = headers === page ? [] : ['refresh'];
    const answer = await at('POST', '/auth/refresh?transport=cookie', { headers, allowed, ...gone });
    drive.attempted('refresh', 'cookie', answer);
  }

  // Registers it again: what is left of the recipient's mails is for codes, as the next shows.
  await register();
  await drive.mailed('ALREADY_REGISTERED', user.email);

  // Forgets the password.
  await ask('reset_password');
  const token = /^otp-token: (\S+)$/m.exec(await drive.mailed('RESET_CODE', user.email))[1];
  const { resetToken } = await verify('reset_password', token, 'token');
  const reset = async (newPassword, options) => {
    const body = { resetToken, newPassword };
    drive.attempted(
      'password_reset',
      'token',
      await at('POST', '/auth/password/reset', { body, ...options }),
    );
  };
  await reset('qwertyuiop12', { status: 400, code: 'validation_failed' });
  user.password = `amber-compass-${n}-b`;
  await reset(user.password, { status: 204, hashes: 1 });
  drive.endedAll(userId);
  await drive.mailed('PASSWORD_CHANGED', user.email, { budgeted: false });
  await reset(user.password, { status: 400, code: 'invalid_reset_token' });

  // Asks for more mails than there are for one recipient.
  await ask('login');
  await drive.mailed('LOGIN_CODE', user.email);

  // Redis loses a session that lives, and one that has ended.
  const { accessToken, ...third } = await login();
  await lose(accessToken);
  await at('GET', '/users/me', { token: accessToken });
  ledger.add('session_refills_total', { outcome: 'restored' });
  await at('POST', '/auth/logout', { body: { refreshToken: third.refreshToken }, status: 204 });
  drive.ended(userId, claimsOf(accessToken).sid);
  await lose(accessToken);
  await at('GET', '/users/me', { token: accessToken, status: 401, code: 'invalid_token' });
  ledger.add('session_refills_total', { outcome: 'absent' });

  // Takes another address.
  const fourth = await login();
  const newEmail = `moved${n}@example.com`;
  const change = (password, options) =>
    at('POST', '/users/me/email', {
      token: fourth.accessToken,
      body: { newEmail, password },
      allowed: ['reauth', ...OTP_REQUEST],
      hashes: 1,
      ...options,
    });
  await change('not this one', { status: 403, code: 'invalid_credentials' });
  await change(user.password, { status: 202 });
  ledger.add('otp_requests_total', { purpose: 'change_email' });
  await drive.mailed('EMAIL_CHANGE_NOTICE', user.email, { budgeted: false });
  const newCode = digitsIn(await drive.mailed('EMAIL_CHANGE_CODE', newEmail));
  for (const [otp, options] of [
    [otherThan(newCode), wrongOtp],
    [newCode, {}],
  ]) {
    const confirm = { token: fourth.accessToken, body: { otp }, allowed: ['otp-verify'], ...options };
    drive.presented('change_email', 'digits', await at('POST', '/users/me/email/confirm', confirm));
  }
  drive.endedAll(userId, claimsOf(fourth.accessToken).sid);
}

/** What nobody's account is needed for. */
export async function goAstray(drive, address) {
  const at = (method, path, options) => drive.call(method, path, { address, ...options });
  const login = `${V1}/auth/login`;
  await at('GET', `/${address}`, { route: 'unmatched', status: 404, code: 'not_found' });
  await at('PUT', login, { status: 405, code: 'method_not_allowed' });
  await at('POST', login, { body: '{', status: 400, code: 'malformed_json' });
  await at('POST', login, { body: { email: 'ada' }, status: 400, code: 'validation_failed' });
  await at('POST', `${login}?transport=cookie`, { body: {}, status: 403, code: 'cross_site' });
  await at('GET', '/health/live', { limited: false });
  for (let time = 0; time < 4; time += 1) {
    const refused = time >= 3 && { status: 429, code: 'rate_limited', allowed: [], blocked: ['guest'] };
    await at('POST', `${V1}/auth/guest`, { status: 201, allowed: ['guest'], ...refused });
  }
}

/** An admin puts a limit to the test: it counts, and blocks nobody. */
export async function tryShadow(drive, admin, address) {
  const answer = await drive.call('POST', `${V1}/auth/login`, { body: admin, allowed: LOGIN, hashes: 1 });
  drive.attempted('login', 'password', answer);
  drive.begun(answer);
  drive.ledger.add('account_funnel_total', { stage: 'first_login' });
  const [route, token] = [`${V1}/admin/limits/:policy`, answer.accessToken];
  const patch = (body) => drive.call('PATCH', `${V1}/admin/limits/guest`, { route, token, body });
  await patch({ mode: 'shadow', ttl: 3_600 });
  for (let time = 0; time < 4; time += 1) {
    const decided = time < 3 ? { allowed: ['guest'] } : { blocked: ['guest'] };
    await drive.call('POST', `${V1}/auth/guest`, { address, status: 201, mode: 'shadow', ...decided });
  }
  await patch({ mode: 'enforce' });
}

/** Mails to a server that takes them at the second try, and to one that never does. */
export async function mailTroubled(drive, email, outcome) {
  const body = { email, username: 'Ada Lovelace', password: 'copper-harbour-93' };
  await drive.call('POST', `${V1}/auth/register`, { body, status: 202, allowed: ['register'], hashes: 1 });
  drive.ledger.add('account_funnel_total', { stage: 'registered' });
  await drive.mailed('VERIFY_EMAIL', email, outcome);
}

/** More logins at once than passwords can wait to be hashed: the answers say how many were refused. */
export async function overload(drive, count, pauseMs) {
  const logins = [];
  for (let n = 0; n < count; n += 1) {
    const login = drive.call('POST', `${V1}/auth/login`, {
      address: `198.18.200.${n}`,
      body: { email: `nobody${n}@example.com`, password: 'not this one' },
      status: [401, 503],
      code: ['invalid_credentials', 'overloaded'],
      allowed: LOGIN,
      hashes: 1,
    });
    logins.push(login.then((answer) => drive.attempted('login', 'password', answer)));
    // Told of at the end, with the others.
    logins.at(-1).catch(() => {});
    if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await Promise.all(logins);
}

function otherThan(code) {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}
