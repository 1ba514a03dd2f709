// Uses the cookie transport as a front-end does, in headless Chromium: over TLS, from pages of a listed origin, of sibling
// hosts and of other sites, logs in, refreshes in two tabs and logs out, and attacks it as those others would.
//
//   npm run drill:cookie          needs Chromium and openssl (Debian: apt-get install chromium openssl); CHROMIUM names
//                                 another binary
import { execFileSync } from 'node:child_process';
import { accessSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlainServer, request } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { signUp, startService } from '../bench/service.mjs';
import { check } from './check.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
try {
  accessSync(executablePath);
  execFileSync('openssl', ['version'], { stdio: 'ignore' });
} catch (error) {
  console.log(`skipped: Chromium (CHROMIUM names it) and openssl are needed: ${error.message}`);
  process.exit(process.env.CI ? 1 : 0);
}

const user = { email: 'ada@example.com', username: 'Ada Lovelace', password: 'violet-lantern-47' };
const COOKIE = '__Host-refresh';

// One TLS server for every host: the service's passes requests on, any other is an empty page.
let service;
/** What came to the service, and what it answered. */
const calls = [];
const front = createServer(certificate(), (incoming, outgoing) => {
  if (!incoming.headers.host.startsWith('auth.')) {
    emptyPage(incoming, outgoing);
    return;
  }
  const { method, url: path, headers } = incoming;
  const onward = request(service.baseUrl, { path, method, headers }, (answer) => {
    const { statusCode: status, rawHeaders } = answer;
    calls.push({ status, origin: headers.origin, withCookie: headers.cookie !== undefined });
    outgoing.writeHead(status, rawHeaders);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
});
await new Promise((resolve) => front.listen(0, '127.0.0.1', resolve));
const at = (host) => `https://${host}:${front.address().port}`;
let api = `${at('auth.drill.test')}/api/v1`;
const own = { listed: at('app.drill.test'), listedElsewhere: at('partner.test') };

service = await startService({
  BCRYPT_COST: '10',
  BASE_URL: at('auth.drill.test'),
  CORS_ORIGINS: Object.values(own).join(','),
});
const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run',
    '--no-proxy-server',
    '--host-resolver-rules=MAP *.test 127.0.0.1',
  ],
});

try {
  await signUp(service, user);
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const pageAt = async (origin) => {
    const page = await context.newPage();
    await page.goto(origin);
    return page;
  };
  const jar = async () => (await context.cookies(api)).filter(({ name }) => name === COOKIE);
  const [app, tab] = [await pageAt(own.listed), await pageAt(own.listed)];
  const credentials = { email: user.email, password: user.password };

  const login = await post(app, '/auth/login', credentials);
  check('a page of a listed origin logs in', login.status === 200 && login.body.accessToken !== undefined);
  check('the answer holds no refresh token', !JSON.stringify(login.body).includes('tgr_'));
  const [first, ...more] = await jar();
  const days = ((first?.expires ?? 0) - Date.now() / 1000) / 86_400;
  check(
    `the browser keeps one cookie: ${JSON.stringify({ ...first, value: '…', expires: `in ${days.toFixed(2)} days` })}`,
    more.length === 0 &&
      first?.value.startsWith('tgr_') &&
      first.httpOnly &&
      first.secure &&
      first.sameSite === 'Strict' &&
      first.path === '/' &&
      first.domain === 'auth.drill.test' &&
      days > 6.9 &&
      days <= 7,
  );
  const home = await pageAt(`${at('auth.drill.test')}/api-docs`);
  check(
    'no script sees it: neither of the page that logged in, nor of the service itself',
    (await seen(app)) === '' && (await seen(home)) === '',
  );

  const both = await Promise.all([post(app, '/auth/refresh'), post(tab, '/auth/refresh')]);
  const [second] = await jar();
  check(
    `two tabs refresh at once (${both.map(({ status }) => status)}), and a new cookie takes the place of the old`,
    both.every(({ status, body }) => status === 200 && body.refreshToken === undefined) &&
      second.value !== first.value,
  );
  check("the service's own pages refresh too", (await post(home, '/auth/refresh')).status === 200);

  const sibling = await pageAt(at('evil.drill.test'));
  const foreign = await pageAt(at('evil.test'));
  for (const [name, page, sendsCookie] of [
    ['a sibling host, whose calls bring the cookie', sibling, true],
    ['another site, whose calls do not', foreign, false],
  ]) {
    const before = await jar();
    const origin = new URL(page.url()).origin;
    calls.length = 0;
    const read = [];
    for (const path of ['/auth/refresh', '/auth/logout', '/auth/login', '/otp/verify']) {
      for (const mode of ['cors', 'no-cors']) read.push((await post(page, path, undefined, mode)).status);
    }
    const answered = calls.map(({ status }) => status);
    check(
      `${name}, is refused (${answered}), reads nothing, and the cookie stays`,
      calls.length === 8 &&
        calls.every(
          (call) => call.status === 403 && call.origin === origin && call.withCookie === sendsCookie,
        ) &&
        read.every((status) => status === 'unreadable') &&
        JSON.stringify(await jar()) === JSON.stringify(before),
    );
    const status = await submitForm(await pageAt(origin), credentials);
    check(`a form of its that would log its reader in is refused (${status})`, status === 403);
  }

  await sibling.evaluate((cookie) => {
    for (const name of [cookie, `\u2000${cookie}`, `\u00a0${cookie}`, `${cookie}\t`, '']) {
      const value = name === '' ? `=${cookie}=tgr_planted` : `${name}=tgr_planted`;
      // biome-ignore lint/suspicious/noDocumentCookie: the attack is by this interface, which checks less
      window.document.cookie = `${value}; Domain=drill.test; Path=/; Secure`;
    }
  }, COOKIE);
  const planted = (await context.cookies(api)).filter(({ value }) => value.includes('planted'));
  check(
    `a sibling plants no cookie by this name, and those of similar names (${planted.length}) change nothing`,
    planted.every(({ name }) => name !== COOKIE) && (await post(app, '/auth/refresh')).status === 200,
  );

  const partner = await browser.newContext({ ignoreHTTPSErrors: true });
  const elsewhere = await partner.newPage();
  await elsewhere.goto(own.listedElsewhere);
  const strict = await post(elsewhere, '/auth/login', credentials);
  check(
    'a listed origin of another site logs in, and its browser keeps no cookie (SameSite=Strict)',
    strict.status === 200 && (await partner.cookies(api)).length === 0,
  );

  const { accessToken } = (await post(app, '/auth/refresh')).body;
  const me = () =>
    fetch(`${service.api}/users/me`, { headers: { Authorization: `Bearer ${accessToken}` } }).then(
      ({ status }) => status,
    );
  check('the session is alive after all that', (await me()) === 200);
  const logout = await post(tab, '/auth/logout');
  check(
    'a log-out by the cookie clears it, and ends the session at once',
    logout.status === 204 && (await jar()).length === 0 && (await me()) === 401,
  );
  const after = await post(app, '/auth/refresh');
  check('and no tab refreshes any more', after.status === 401 && after.body.code === 'invalid_refresh_token');
} catch (error) {
  await stop();
  throw error;
}
await service.stop();

// As a developer has it: http, and pages of another port of the same host.
const pages = createPlainServer(emptyPage);
await new Promise((resolve) => pages.listen(0, '127.0.0.1', resolve));
const origin = `http://localhost:${pages.address().port}`;
service = await startService({ BCRYPT_COST: '10', CORS_ORIGINS: origin });
try {
  api = service.api;
  await signUp(service, user);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(origin);
  const login = await post(page, '/auth/login', { email: user.email, password: user.password });
  const [cookie, ...more] = await context.cookies(api);
  check(
    'over http a page logs in, and the browser keeps one cookie that no script sees',
    login.status === 200 &&
      more.length === 0 &&
      cookie?.name === 'refresh' &&
      cookie.httpOnly &&
      !cookie.secure &&
      cookie.sameSite === 'Strict' &&
      (await seen(page)) === '',
  );
  const statuses = [];
  for (const path of ['/auth/refresh', '/auth/refresh', '/auth/logout', '/auth/refresh']) {
    statuses.push((await post(page, path)).status);
  }
  check(`and refreshes, and logs out (${statuses})`, statuses.join() === '200,200,204,401');
  check('and the cookie is gone', (await context.cookies(api)).length === 0);
} finally {
  pages.close();
  await stop();
}

async function stop() {
  await browser.close();
  front.close();
  await service.stop();
}

function emptyPage(_incoming, outgoing) {
  outgoing.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A page</title>');
}

/** Calls from within a page, with cookies, as its script would. */
function post(page, path, body, mode = 'cors') {
  const url = `${api}${path}?transport=cookie`;
  return page.evaluate(
    async ({ url, body, mode }) => {
      const init = { method: 'POST', credentials: 'include', mode };
      if (body !== undefined) Object.assign(init, { headers: { 'Content-Type': 'application/json' }, body });
      try {
        const response = await fetch(url, init);
        if (response.type === 'opaque') return { status: 'unreadable' };
        const text = await response.text();
        return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
      } catch {
        return { status: 'unreadable' };
      }
    },
    { url, body: body && JSON.stringify(body), mode },
  );
}

/** Posts JSON by a form, which asks no preflight; the status of the answer. */
async function submitForm(page, body) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.url().startsWith(api)),
    page.evaluate(
      ({ url, json }) => {
        const form = window.document.createElement('form');
        Object.assign(form, { method: 'post', action: url, enctype: 'text/plain' });
        const input = window.document.createElement('input');
        Object.assign(input, { name: `${json.slice(0, -1)},"x":"`, value: '"}' });
        form.append(input);
        window.document.body.append(form);
        form.submit();
      },
      { url: `${api}/auth/login?transport=cookie`, json: JSON.stringify(body) },
    ),
  ]);
  await page.close();
  return answer.status();
}

/** What scripts of a page see of cookies, by either interface. */
function seen(page) {
  return page.evaluate(
    async () =>
      window.document.cookie + (await window.cookieStore.getAll()).map(({ name }) => name).join('; '),
  );
}

function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-drill-'));
  const [keyout, out] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const subject = ['-subj', '/CN=drill.test'];
  execFileSync('openssl', ['req', '-x509', ...made, ...subject, '-keyout', keyout, '-out', out], {
    stdio: 'ignore',
  });
  const pair = { key: readFileSync(keyout), cert: readFileSync(out) };
  rmSync(folder, { recursive: true });
  return pair;
}
