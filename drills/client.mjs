// The packed client in headless Chromium, in a page of another origin that CORS_ORIGINS lists: several tabs with one session, in
// both transports. However many calls find their token expired at once, each tab makes one refresh, never two tabs at a time;
// a reload stays signed in; a logout holds; no token goes to another host.
//
//   npm run drill:client
//
// Needs Chromium (Debian: apt-get install chromium); CHROMIUM names another binary.
import { accessSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { chromium } from 'playwright-core';
import { freePort, signUp, startService } from '../bench/service.mjs';
import { buildClient } from '../scripts/client-package.mjs';
import { check } from './check.mjs';

const TABS = 4;
const CALLS = 32;
const ROOT = join(import.meta.dirname, '..');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
try {
  accessSync(executablePath);
} catch {
  console.log(`skipped: there is no Chromium at ${executablePath}; set CHROMIUM to one`);
  process.exit(process.env.CI ? 1 : 0);
}

const MODULES = {
  '@tollgate/client': '/client/dist/index.js',
  'openapi-fetch': '/node_modules/openapi-fetch/dist/index.mjs',
};
const PAGE = `<!doctype html><title>A front end</title><link rel="icon" href="data:,">
  <script type="importmap">${JSON.stringify({ imports: MODULES })}</script>`;

buildClient();
const port = await freePort();
const front = await serveFront(port);
const origin = `http://localhost:${port}`;
const service = await startService({
  CORS_ORIGINS: origin,
  BCRYPT_COST: '10',
  ACCESS_TOKEN_TTL: '2',
  RATE_LIMIT_GLOBAL: '100000/1000',
  RATE_LIMIT_LOGIN: '100/100',
});
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});
try {
  const user = { email: 'ada@example.com', password: 'violet-lantern-47' };
  await signUp(service, { ...user, username: 'Ada Lovelace' });
  for (const transport of ['cookie', 'body']) await drill(transport, user);
} finally {
  await browser.close();
  await service.stop();
  front.close();
}

async function drill(transport, user) {
  console.log(`\ntransport ${transport}: ${TABS} tabs, ${CALLS} calls each at once`);
  const context = await browser.newContext();
  context.setDefaultTimeout(20_000);
  const refreshes = [];
  const strays = new Set();
  const complaints = [];
  context.on('weberror', (error) => complaints.push(error.error().message));
  context.on('request', (request) => {
    const { origin: to, pathname } = new URL(request.url());
    if (![origin, service.baseUrl].includes(to)) strays.add(to);
    if (to === origin && request.headers().authorization) strays.add(`a token to ${to}`);
    if (pathname.endsWith('/auth/refresh') && request.method() === 'POST')
      refreshes.push({ request, began: performance.now() });
  });
  context.on('requestfinished', (request) => {
    const refresh = refreshes.find((one) => one.request === request);
    if (refresh) refresh.ended = performance.now();
  });
  const tabs = await Promise.all(Array.from({ length: TABS }, () => context.newPage()));
  const open = async (tab) => {
    await tab.goto(origin);
    await tab.evaluate(
      async ({ baseUrl, transport: way }) => {
        const { createClient } = await import('@tollgate/client');
        window.signedOut = [];
        window.client = createClient({
          baseUrl,
          transport: way,
          ...(way === 'body' && { storage: localStorage }),
          onSignedOut: (reason) => window.signedOut.push(reason),
        });
      },
      { baseUrl: service.baseUrl, transport },
    );
  };
  const me = (tab, calls = 1) =>
    tab.evaluate(async (count) => {
      const call = async () => {
        const { data, error } = await window.client.GET('/api/v1/users/me');
        return error?.code ?? data.email;
      };
      return [...new Set(await Promise.all(Array.from({ length: count }, call)))].join();
    }, calls);
  const expired = () => new Promise((resolve) => setTimeout(resolve, 2_500));

  for (const tab of tabs) await open(tab);
  const first = tabs[0];
  check('nobody is signed in', (await me(first)) === 'unauthenticated');
  await first.evaluate((credentials) => window.client.login(credentials), user);
  for (const tab of tabs) await me(tab);
  await expired();
  refreshes.length = 0;
  const answers = await Promise.all(tabs.map((tab) => me(tab, CALLS)));
  check(
    `every call is answered: ${[...new Set(answers)]}`,
    new Set(answers).size === 1 && answers[0] === user.email,
  );
  check(`${refreshes.length} refreshes for ${TABS * CALLS} calls`, refreshes.length === TABS);
  const sorted = refreshes.toSorted((a, b) => a.began - b.began);
  check(
    'no two of them at a time',
    sorted.every(({ began }, at) => at === 0 || began >= sorted[at - 1].ended),
  );
  await open(first);
  check('a reload stays signed in', (await me(first)) === user.email);
  const inStorage = await first.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie);
  check(
    `what scripts can read: ${transport === 'body' ? 'the refresh token' : 'nothing'}`,
    inStorage.includes('tgr_') === (transport === 'body'),
  );
  const out = await first.evaluate(async () => (await window.client.logout()).response.status);
  check('logs out', out === 204 && (await me(first)) === 'unauthenticated');
  await expired();
  const elsewhere = await Promise.all(tabs.slice(1).map((tab) => me(tab)));
  check(
    'the other tabs are signed out too',
    elsewhere.every((answer) => answer !== user.email),
  );
  const told = await Promise.all(tabs.slice(1).map((tab) => tab.evaluate(() => window.signedOut.join())));
  check(
    `and are told so: ${[...new Set(told)]}`,
    told.every((reason) => reason !== ''),
  );
  check(`no other host was asked${[...strays].map((stray) => `: ${stray}`)}`, strays.size === 0);
  check(`nothing was thrown${complaints.map((complaint) => `: ${complaint}`)}`, complaints.length === 0);
  await context.close();
}

/** A page, and the modules that it imports. */
async function serveFront(at) {
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://front').pathname;
    const isModule = /^\/(?:client\/dist|node_modules\/openapi-fetch\/dist)\/[\w.-]+$/.test(path);
    response.setHeader('Content-Type', isModule ? 'text/javascript' : 'text/html');
    response.end(isModule ? readFileSync(join(ROOT, path)) : PAGE);
  });
  await new Promise((resolve) => server.listen(at, 'localhost', resolve));
  return server;
}
