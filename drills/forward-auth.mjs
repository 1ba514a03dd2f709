// Puts a real nginx with deploy/nginx/forward-auth.conf between clients and a toy product, and tries to get past it: by
// bad tokens, by headers and paths made up, while Tollgate refuses, is silent or gone.
//
//   npm run drill:forward-auth     needs nginx (Debian: apt-get install nginx); NGINX names another binary
import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { findNginx, startNginx } from '../bench/nginx.mjs';
import { startProduct } from '../bench/product.mjs';
import { post, signUp, startService } from '../bench/service.mjs';
import { check } from './check.mjs';

const CAPACITY = 400;
const ANSWER_MS = 10_000;
const secret = 'a-signing-secret-of-this-drill-and-no-other';
const user = { email: 'ada@example.com', username: 'Ada Lovelace', password: 'violet-lantern-47' };
const admin = { email: 'root@example.com', password: 'copper-harbour-93' };

const found = findNginx();
if (found === undefined) {
  console.log('FAILED there is no nginx (Debian: apt-get install nginx); NGINX names a binary elsewhere');
  process.exit(1);
}
console.log(`       with ${found.version}`);

const product = await startProduct();
const stops = [() => product.stop()];
try {
  await withTollgate();
  await withFaultyTollgate();
} finally {
  for (const stop of stops.reverse()) await stop();
}

/** The real service: who gets in, as whom, and what a client cannot make up. */
async function withTollgate() {
  const service = await startService({
    BCRYPT_COST: '10',
    TRUST_PROXY: '127.0.0.1',
    RATE_LIMIT_GLOBAL: `${CAPACITY}/1`,
    JWT_SECRET: secret,
    ADMIN_EMAIL: admin.email,
    ADMIN_PASSWORD: admin.password,
  });
  const stopService = once(() => service.stop());
  stops.push(stopService);
  const nginx = await startNginx(found, {
    tollgatePort: Number(new URL(service.baseUrl).port),
    productPort: product.port,
  });
  stops.push(() => nginx.stop());
  const call = caller(nginx.port);

  await signUp(service, user);
  const login = await call('/api/v1/auth/login', {
    method: 'POST',
    body: JSON.stringify({ email: user.email, password: user.password }),
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '203.0.113.9' },
    localAddress: '127.0.0.3',
  });
  const ada = login.json;
  const root = await (await post(service, '/auth/login', admin)).json();
  const guest = await (await post(service, '/auth/guest')).json();
  const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  const identity = ({ accessToken, user: { id, role } }) => ({ id, role, session: claims(accessToken).sid });

  check('login passes through nginx without a check', login.status === 200 && ada.user?.role === 'USER');
  const { sessions } = (await call('/api/v1/users/me/sessions', bearer(ada))).json;
  check(
    'Tollgate sees the address of the client, not one that it wrote',
    sessions?.[0].address === '127.0.0.3',
  );

  // Who gets in.
  await refused('no token', call('/things'), 401, 'unauthenticated');
  await refused('a garbage token', call('/things', bearer('garbage')), 401, 'invalid_token');
  const [head, body] = ada.accessToken.split('.');
  const signed = (payload) => {
    const input = `${head}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  };
  const now = Math.floor(Date.now() / 1000);
  const made = claims(`.${body}`);
  await refused(
    'an expired token',
    call('/things', bearer(signed({ ...made, iat: now - 901, exp: now - 1 }))),
    401,
    'invalid_token',
  );
  await served('the same token signed again unexpired', call('/things', bearer(signed(made))), identity(ada));
  await served('a guest', call('/things', bearer(guest)), identity(guest));
  await served('a user', call('/things', bearer(ada)), identity(ada));
  await served('an admin', call('/things', bearer(root)), identity(root));
  await refused('a guest at the admin location', call('/admin/users', bearer(guest)), 403, 'forbidden');
  await refused('a user at the admin location', call('/admin/users', bearer(ada)), 403, 'forbidden');
  await refused('nobody at the admin location', call('/admin/users'), 401, 'unauthenticated');
  await served('an admin at the admin location', call('/admin/users', bearer(root)), identity(root));
  const open = await call('/public/logo');
  check('a public location needs no token', open.status === 200 && open.json.path === '/public/logo');

  // What nginx writes in Tollgate's place.
  for (const [what, path, token] of [
    ['unauthenticated', '', undefined],
    ['invalid_token', '', 'garbage'],
    ['forbidden', '?role=ADMIN', ada],
  ]) {
    const options = bearer(token, { 'X-Request-Id': 'drill-request-1' });
    const own = await caller(Number(new URL(service.baseUrl).port))(`/api/v1/auth/check${path}`, options);
    const proxied = await call(path === '' ? '/things' : '/admin', options);
    const shown = ({ status, json, headers }) =>
      JSON.stringify([
        status,
        json,
        ...['content-type', 'www-authenticate', 'x-request-id', 'cache-control'].map((name) =>
          String(headers[name]).replace('; charset=utf-8', ''),
        ),
      ]);
    check(
      `${what}: document and headers are Tollgate's`,
      shown(own) === shown(proxied),
      `${shown(own)}\n${shown(proxied)}`,
    );
  }

  // Headers that a client makes up.
  for (const [what, headers] of [
    ['X-Auth-Role: ADMIN', { 'X-Auth-Role': 'ADMIN', 'X-Auth-Subject': root.user.id, 'X-Auth-Session': 'x' }],
    ['X-Auth-Role twice', { 'x-auth-role': ['ADMIN', 'ADMIN'] }],
    ['X_Auth_Role with underscores', { X_Auth_Role: 'ADMIN' }],
    ['Connection: X-Auth-Role', { Connection: 'close, X-Auth-Role, X-Auth-Subject' }],
  ]) {
    await served(
      `a user who sends ${what}`,
      call('/things', bearer(ada, headers)),
      identity(ada),
      ({ headers: got }) => got['x_auth_role'] === undefined,
    );
  }
  const madeUp = { 'X-Auth-Session': 'x', 'X-Auth-Role': 'ADMIN', 'X-Auth-Subject': 'x' };
  await served('a guest who sends X-Auth-Session', call('/things', bearer(guest, madeUp)), identity(guest));
  const anonymous = await call('/public/logo', { headers: madeUp });
  check(
    'nobody who sends X-Auth-* to a public location is somebody',
    anonymous.status === 200 &&
      !Object.keys(anonymous.json.headers).some((name) => name.startsWith('x-auth')),
  );
  await refused(
    'a user with ?role=USER in the query',
    call('/admin?role=USER', bearer(ada)),
    403,
    'forbidden',
  );

  // Paths that nginx could take for another than the product does.
  for (const path of [
    '/admin',
    '/admin/',
    '//admin/users',
    '/admin//users',
    '/./admin/users',
    '/ADMIN/users',
    '/aDmin',
    '/%61dmin/users',
    '/admin%2fusers',
    '/admin;x=1/users',
    '/admin.json',
    '/admin%20/users',
    '/admin%5cusers',
    '/public/../admin/users',
    '/public/..%2fadmin/users',
    '/public/%2e%2e/admin/users',
    '/public/..;/admin/users',
    '/public/..\\admin/users',
    '/public/..%5cadmin/users',
    '/things?/../admin/../../admin',
    `http://127.0.0.1:${nginx.port}/admin/users`,
  ]) {
    const before = product.requests;
    const { status, json } = await call(path, bearer(ada));
    // Passed on is right only where no reading of it is an admin's.
    const held = product.requests === before ? [400, 403, 404].includes(status) : !readsAsAdmin(json.path);
    check(
      `a user does not get to the admin location by ${path} (${status})`,
      held && status !== 500,
      JSON.stringify(json),
    );
  }
  const around = await call('/admin/..%2fpublic/logo');
  check(
    'the product gets the path that nginx judged',
    around.json?.path === '/public/logo',
    JSON.stringify(around.json),
  );
  const longer = await call('/administrators', bearer(ada));
  check('a longer word is another path', longer.json?.path === '/administrators');
  const odd = '/caf%C3%A9/100%25/a%20b%3Fc?x=1%262&y=%2F&z=%0D%0AX-Auth-Role:%20ADMIN';
  check('a path and query that need encoding arrive', (await call(odd, bearer(ada))).json?.path === odd);
  for (const path of ['/_tollgate/check', '/_tollgate/check-admin', '/_tollgate/']) {
    check(`${path} is nothing to ask for from outside`, (await call(path, bearer(ada))).status === 404);
  }
  for (const path of ['/metrics', '/health/ready', '/api-docs', '/api/v1/..%2f..%2fmetrics']) {
    await refused(`Tollgate's ${path}`, call(path), 401, 'unauthenticated');
  }
  check(
    'the page behind a link in a mail is there',
    (await call('/verify-email?token=x')).headers['content-type']?.startsWith('text/html'),
  );

  // Bodies, ids, parallel requests.
  const long = 'x'.repeat(300_000);
  for (const [what, headers] of [
    ['of known length', { 'Content-Length': String(long.length) }],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ]) {
    await served(
      `a POST with 300 kB ${what}`,
      call('/things', { ...bearer(ada, headers), method: 'POST', body: long }),
      identity(ada),
      ({ method, body: got }) => method === 'POST' && got === long,
    );
    await refused(
      `a POST with 300 kB ${what} and no token`,
      call('/things', { method: 'POST', body: long, headers }),
      401,
      'unauthenticated',
    );
  }
  const kept = await call('/things', bearer(ada, { 'X-Request-Id': 'my-request-0001' }));
  check(
    "the client's request id goes to the product and back",
    kept.headers['x-request-id'] === 'my-request-0001' &&
      kept.json.headers['x-request-id'] === 'my-request-0001',
  );
  const replaced = await call('/things', bearer(ada, { 'X-Request-Id': '"}\t' }));
  check(
    'an id of another form is replaced',
    /^[0-9a-f]{32}$/.test(replaced.headers['x-request-id']) &&
      replaced.json.headers['x-request-id'] === replaced.headers['x-request-id'],
  );
  const callers = [ada, root, guest, undefined];
  const answers = await Promise.all(
    Array.from({ length: 64 }, (_, n) => call(`/things/${n}`, bearer(callers[n % 4]))),
  );
  check(
    '64 at once: each is told apart',
    answers.every(({ status, json }, n) =>
      n % 4 === 3 ? status === 401 : tells(json, identity(callers[n % 4])) && json.path === `/things/${n}`,
    ),
  );

  // The limit per address.
  const second = { ...bearer(ada), localAddress: '127.0.0.2' };
  const begun = performance.now();
  const burst = [];
  for (let sent = 0; sent < CAPACITY + 60; sent += 20) {
    burst.push(...(await Promise.all(Array.from({ length: 20 }, () => call('/things', second)))));
  }
  const passed = burst.filter(({ status }) => status === 200).length;
  const most = CAPACITY + Math.floor((performance.now() - begun) / 1000);
  check(
    `of ${burst.length} requests from one address ${passed} pass, between ${CAPACITY} and ${most}`,
    passed >= CAPACITY && passed <= most && burst.every(({ status }) => status === 200 || status === 429),
  );
  const over = burst.at(-1);
  const wait = Number(over.headers['retry-after']);
  await refused('the rest', over, 429, 'rate_limited');
  check(
    `a 429 says when to come back (${wait} s)`,
    wait >= 1 && over.json.detail.endsWith(`in ${wait} s.`),
    JSON.stringify([over.headers, over.json]),
  );
  const disguised = { ...second, headers: { ...second.headers, 'X-Forwarded-For': '198.51.100.7' } };
  check(
    'another X-Forwarded-For does not help that client',
    (await call('/things', disguised)).status === 429,
  );
  await served(
    'a client at another address',
    call('/things', { ...bearer(ada), localAddress: '127.0.0.4' }),
    identity(ada),
  );

  // The end of a session, and of the service.
  const loggedOut = await call('/api/v1/auth/logout', { ...bearer(ada), method: 'POST' });
  check('logout passes through nginx', loggedOut.status === 204);
  await refused('the token after its logout', call('/things', bearer(ada)), 401, 'invalid_token');
  const said = nginx.errors().replace(/.*auth request unexpected status: 429 .*\n/g, '');
  check('nginx logged no error but the refusals by limit', said === '', said);
  await stopService();
  const gone = await refused(
    'anybody while Tollgate is gone',
    call('/things', bearer(root)),
    503,
    'dependency_unavailable',
  );
  check('with Retry-After', gone.headers['retry-after'] === '1');
  await refused('admins while Tollgate is gone', call('/admin', bearer(root)), 503, 'dependency_unavailable');
  check('a public location is served all the same', (await call('/public/logo')).status === 200);
}

/** A Tollgate that answers as it is told to: what nginx asks it, and what it makes of answers that ours gives seldom. */
async function withFaultyTollgate() {
  let answer;
  const asked = [];
  const faulty = createServer((request, response) => {
    asked.push(request);
    if (answer === 'silence') return;
    if (answer === 'reset') request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise((resolve) => faulty.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    faulty.closeAllConnections();
    return new Promise((resolve) => faulty.close(resolve));
  });
  const nginx = await startNginx(found, { tollgatePort: faulty.address().port, productPort: product.port });
  stops.push(() => nginx.stop());
  const call = caller(nginx.port);

  answer = { status: 204 };
  await served(
    'an answer without X-Auth-*, and a client that sends them',
    call('/things?role=USER', {
      method: 'POST',
      body: 'a body',
      headers: {
        'Content-Type': 'text/plain',
        Authorization: 'Bearer x',
        Cookie: 'session=secret',
        Expect: '100-continue',
        'X-Forwarded-For': '203.0.113.9',
        'X-Auth-Role': 'ADMIN',
      },
    }),
    {},
  );
  const { method, url, headers } = asked[0];
  check(
    'nginx asks with these headers alone',
    `${method} ${url}` === 'GET /api/v1/auth/check' &&
      Object.keys(headers).sort().join() === 'authorization,host,x-forwarded-for,x-request-id' &&
      headers['x-forwarded-for'] === '127.0.0.1',
    `${method} ${url} ${JSON.stringify(headers)}`,
  );
  await call('/admin', bearer('x'));
  check('and at the admin location for the role', asked[1].url === '/api/v1/auth/check?role=ADMIN');

  for (const [what, given, status, code, retryAfter] of [
    [
      '503 with Retry-After',
      { status: 503, headers: { 'Retry-After': '7' } },
      503,
      'dependency_unavailable',
      '7',
    ],
    ['429 with Retry-After', { status: 429, headers: { 'Retry-After': '9' } }, 429, 'rate_limited', '9'],
    ['500', { status: 500 }, 500, 'internal_error'],
    ['404', { status: 404 }, 500, 'internal_error'],
    ['302', { status: 302, headers: { Location: '/' } }, 500, 'internal_error'],
    ['a connection that breaks', 'reset', 503, 'dependency_unavailable', '1'],
    ['silence', 'silence', 503, 'dependency_unavailable', '1'],
  ]) {
    answer = given;
    const begun = performance.now();
    const response = await refused(`anybody when the check gets ${what}`, call('/things'), status, code);
    const seconds = (performance.now() - begun) / 1000;
    check(
      `  Retry-After is ${retryAfter ?? 'left out'}, after ${seconds.toFixed(1)} s`,
      response.headers['retry-after'] === retryAfter && seconds < 4,
    );
  }
}

/** Asserts a problem, and that the product heard nothing. */
async function refused(what, answering, status, code) {
  const before = product.requests;
  const response = await answering;
  const { json, headers } = response;
  check(
    `${what}: ${status} ${code}`,
    product.requests === before &&
      response.status === status &&
      headers['content-type'] === 'application/problem+json' &&
      json.code === code &&
      json.status === status &&
      json.requestId === headers['x-request-id'] &&
      (status === 401) === /^Bearer( error="invalid_token")?$/.test(headers['www-authenticate'] ?? ''),
    JSON.stringify(response),
  );
  return response;
}

/** Asserts that the product served it and was told who asks, and by default nothing else of it. */
async function served(what, answering, who, also = () => true) {
  const response = await answering;
  check(
    `${what}: 200 as ${who.role ?? 'nobody'}`,
    response.status === 200 && tells(response.json, who) && also(response.json),
    JSON.stringify(response).slice(0, 2000),
  );
}

/** Whether the product was told exactly this, and no token. */
function tells({ headers }, { id, role, session }) {
  return (
    headers['x-auth-subject'] === id &&
    headers['x-auth-role'] === role &&
    headers['x-auth-session'] === session &&
    headers.authorization === undefined
  );
}

/** Whether the most generous of routers would serve this path below /admin. */
function readsAsAdmin(path) {
  const [pathname] = path.split('?');
  const plain = decodeURIComponent(pathname)
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '');
  return /^\/admin(?![a-z0-9_-])/i.test(new URL(plain.replace(/\/+/g, '/'), 'http://product').pathname);
}

/** Calls a port of the loopback with the path as it is; options are those of `node:http`, and `body`. */
function caller(port) {
  return (path, { body, ...options } = {}) =>
    new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port, path, agent: false, signal: AbortSignal.timeout(ANSWER_MS), ...options },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const json = /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(text) : undefined;
            resolve({ status: response.statusCode, headers: response.headers, json });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
}

function bearer(token, headers = {}) {
  if (token === undefined) return { headers };
  return { headers: { ...headers, Authorization: `Bearer ${token.accessToken ?? token}` } };
}

function once(act) {
  let done;
  return () => {
    done ??= act();
    return done;
  };
}
