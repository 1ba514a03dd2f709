// Uses the service as a person does, in headless Chromium: three flows through "Try it out" of Swagger UI (an account by
// its code; a login by code; an admin), with the examples that stand there, mails read in the inbox; then a link of a
// mail and its button. Nothing may be complained of in the console, and nothing asked of another host.
//
//   npm run drill:browser [-- --screenshots=folder]
//
// Needs Chromium (Debian: apt-get install chromium); CHROMIUM names another binary. Without a folder the screenshots go
// to one of their own in the system's for temporary files.
import { accessSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { mailTo, post, startService } from '../bench/service.mjs';
import { check } from './check.mjs';
import { SwaggerUi } from './swagger-ui.mjs';

const { values } = parseArgs({ options: { screenshots: { type: 'string' } } });
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
try {
  accessSync(executablePath);
} catch {
  console.log(`skipped: there is no Chromium at ${executablePath}; set CHROMIUM to one`);
  process.exit(process.env.CI ? 1 : 0);
}

const shots = values.screenshots ?? mkdtempSync(join(tmpdir(), 'tollgate-browser-'));
mkdirSync(shots, { recursive: true });
const admin = { email: 'admin@localhost.test', password: 'granite-orchard-58' };
const service = await startService({
  BCRYPT_COST: '10',
  ADMIN_EMAIL: admin.email,
  ADMIN_PASSWORD: admin.password,
});
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});

try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1400 } });
  context.setDefaultTimeout(20_000);
  const complaints = [];
  const asked = new Map();
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    const where = origin === 'null' ? protocol : origin;
    asked.set(where, (asked.get(where) ?? 0) + 1);
  });
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  context.on('weberror', (error) => complaints.push(error.error().message));
  const page = await context.newPage();
  const inbox = await context.newPage();
  const swagger = new SwaggerUi(page);
  const shoot = (name, of = page) => of.screenshot({ path: join(shots, `${name}.png`) });
  const shootCall = async (operation) => {
    await swagger.block(operation).scrollIntoViewIfNeeded();
    await swagger.block(operation).screenshot({ path: join(shots, `${operation}.png`) });
  };
  const readCode = async (email, subject) => {
    await mailTo(service, email);
    for (let attempt = 0; attempt < 50; attempt++) {
      await inbox.goto(service.inbox);
      const mail = inbox.locator('article', { hasText: email }).filter({ hasText: subject }).first();
      const code = (await mail.count()) > 0 && /^\s*(\d{6})\s*$/m.exec(await mail.innerText())?.[1];
      if (code) return code;
      await inbox.waitForTimeout(200);
    }
    throw new Error(`no mail "${subject}" to ${email} within 10 s`);
  };
  const accessTokenIn = ({ text }) => /"accessToken":\s*"([^"]+)"/.exec(text)?.[1];

  await swagger.open(service.baseUrl);
  const shown = new Set(await swagger.operations());
  const document = await (await fetch(`${service.baseUrl}/api-docs/openapi.json`)).json();
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  check(
    `Swagger UI lists ${shown.size} of ${described.length} operations`,
    described.length > 0 && described.every((operation) => shown.has(operation)),
  );
  await shoot('swagger-ui');

  console.log('flow 1: an account');
  const example =
    document.paths['/api/v1/auth/register'].post.requestBody.content['application/json'].example;
  const user = example.email;
  expectStatus('register, by the example as it stands', await swagger.call('register'), 202);
  await shootCall('register');
  const otp = await readCode(user, 'Confirm');
  await shoot('inbox', inbox);
  expectStatus('verify, by the code of the inbox', await swagger.call('verifyOtp', { body: { otp } }), 200);
  const login = await swagger.call('login');
  expectStatus('log in, by the example as it stands', login, 200);
  await shootCall('login');
  await swagger.showAuthorize(() => shoot('authorize'));
  await swagger.authorize(accessTokenIn(login));
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  check('  and its token is kept in the page alone', !kept.includes(accessTokenIn(login)));
  const me = await swagger.call('showMe');
  expectStatus('show me, authorized', me, 200);
  check('  and it is that user', me.text.includes(user));
  await shootCall('showMe');

  console.log('flow 2: a login by code');
  expectStatus('ask for a code, by the example as it stands', await swagger.call('requestOtp'), 202);
  const code = await readCode(user, 'sign-in code');
  const byCode = await swagger.call('verifyOtp', { body: { otp: code, purpose: 'login' } });
  expectStatus('present it', byCode, 200);
  check('  and it logs in', accessTokenIn(byCode) !== undefined);
  await shootCall('verifyOtp');
  const again = await swagger.call('verifyOtp', { body: { otp: code, purpose: 'login' } });
  expectStatus('present it again', again, 400);
  check('  and the problem is named', again.text.includes('invalid_otp'));
  await swagger.authorize(accessTokenIn(byCode));
  const sessions = await swagger.call('listSessions');
  expectStatus('list the sessions, authorized', sessions, 200);
  check('  of which there are two', sessions.text.match(/"current":/g)?.length === 2);
  await shootCall('listSessions');

  console.log('flow 3: an admin');
  expectStatus('a user lists users', await swagger.call('listUsers'), 403);
  const adminLogin = await swagger.call('login', { body: admin });
  expectStatus('log in', adminLogin, 200);
  await swagger.authorize(accessTokenIn(adminLogin));
  const found = await swagger.call('listUsers', { parameters: { q: 'ada' } });
  expectStatus('search users', found, 200);
  check('  and one is found', found.text.includes(user) && !found.text.includes(`"${admin.email}"`));
  await shootCall('listUsers');
  const limits = await swagger.call('showLimits');
  expectStatus('look at the limits', limits, 200);
  check(
    '  all of them',
    document.paths['/api/v1/auth/login'].post['x-rate-limits'].every(({ policy }) =>
      limits.text.includes(`"${policy}"`),
    ),
  );
  const explained = await swagger.call('explainLimits', { parameters: { address: '127.0.0.1' } });
  expectStatus('explain them for an address and the e-mail of the example', explained, 200);
  check('  with what this machine has used', explained.text.includes('"otp-verify"'));
  await shootCall('explainLimits');

  console.log('a link of a mail');
  const second = { email: 'grace@example.com', username: 'Grace Hopper', password: 'copper-harbour-93' };
  await post(service, '/auth/register', second);
  const mail = await mailTo(service, second.email);
  await page.goto(/https?:\/\/\S+\/verify-email\?\S+/.exec(mail.text)[0]);
  await shoot('verify-email');
  await page.getByRole('button').click();
  check('the link and its button confirm the address', (await page.textContent('h1')).includes('confirmed'));
  await shoot('verified');

  // What the flows are refused on purpose shows in the console as well.
  const refusals = complaints.filter((text) => /status of (400|403)/.test(text));
  const others = complaints.filter((text) => !refusals.includes(text));
  check(
    `no complaint in the console, the ${refusals.length} refusals aside${list(others)}`,
    others.length === 0 && refusals.length === 2,
  );
  const own = [service.baseUrl, service.inbox].map((url) => new URL(url).origin);
  const strange = [...asked].filter(([where]) => !own.includes(where) && where !== 'data:');
  check(
    `${own.map((origin) => asked.get(origin) ?? 0).join(' + ')} requests to service and inbox, ${strange.length} elsewhere${list(strange)}`,
    strange.length === 0 && asked.get(own[0]) > 0,
  );
  console.log(`screenshots: ${shots}`);
} finally {
  await browser.close();
  await service.stop();
}

function expectStatus(what, answer, status) {
  check(`${what}: ${answer.status}`, answer.status === status);
}

function list(lines) {
  return lines.map((line) => `\n  ${line}`).join('');
}
