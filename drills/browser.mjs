// Uses the service as a person does, in headless Chromium: logs in through "Try it out" of Swagger UI, reads a mail in the
// inbox, follows its link and presses the button. Screenshots go to drills/screenshots/.
//
//   npm run drill:browser          needs Chromium (Debian: apt-get install chromium); CHROMIUM names another binary
import { accessSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { mailTo, post, signUp, startService } from '../bench/service.mjs';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
try {
  accessSync(executablePath);
} catch {
  console.log(`skipped: there is no Chromium at ${executablePath}; set CHROMIUM to one`);
  process.exit(process.env.CI ? 1 : 0);
}

const shots = join(import.meta.dirname, 'screenshots');
mkdirSync(shots, { recursive: true });
const service = await startService({ BCRYPT_COST: '10' });
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});

try {
  const user = { email: 'ada@example.com', username: 'Ada Lovelace', password: 'violet-lantern-47' };
  await signUp(service, user);
  const page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));

  await page.goto(`${service.baseUrl}/api-docs`);
  await page.waitForSelector('.opblock');
  const shown = new Set(
    await page.$$eval('.opblock', (blocks) =>
      blocks.map((block) => {
        const method = block.querySelector('.opblock-summary-method').textContent.trim();
        return `${method} ${block.querySelector('.opblock-summary-path').getAttribute('data-path')}`;
      }),
    ),
  );
  const document = await (await fetch(`${service.baseUrl}/api-docs/openapi.json`)).json();
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const missing = described.filter((operation) => !shown.has(operation));
  check(
    `Swagger UI lists ${shown.size} of ${described.length} operations`,
    missing.length === 0 && described.length > 0,
  );
  await page.screenshot({ path: join(shots, 'swagger-ui.png') });

  const login = page.locator('#operations-auth-login');
  await login.locator('.opblock-summary').click();
  await login.getByRole('button', { name: 'Try it out' }).click();
  await login.locator('textarea').fill(JSON.stringify({ email: user.email, password: user.password }));
  await login.getByRole('button', { name: 'Execute' }).click();
  const answer = login.locator('.live-responses-table .response-col_status').first();
  await answer.waitFor();
  await page.waitForFunction(() =>
    /\d{3}/.test(
      window.document.querySelector('#operations-auth-login .live-responses-table tbody .response-col_status')
        ?.textContent ?? '',
    ),
  );
  const body = await login.locator('.live-responses-table').textContent();
  check('"Try it out" logs in', body.includes('200') && body.includes('accessToken'));
  await login.scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(shots, 'try-it-out.png') });

  const accessToken = /"accessToken":\s*"([^"]+)"/.exec(body)?.[1];
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const bearer = page.locator('.auth-container', { has: page.locator('#auth-bearer-value') });
  await bearer.locator('input').fill(accessToken);
  await bearer.locator('button[type=submit]').click();
  await page.locator('.dialog-ux').getByRole('button', { name: 'Close' }).first().click();
  const me = page.locator('#operations-users-showMe');
  await me.locator('.opblock-summary').click();
  await me.getByRole('button', { name: 'Try it out' }).click();
  await me.getByRole('button', { name: 'Execute' }).click();
  await me.locator('.live-responses-table').waitFor();
  check(
    'an authorized call shows the user',
    (await me.locator('.live-responses-table').textContent()).includes(user.email),
  );

  const second = { email: 'grace@example.com', username: 'Grace Hopper', password: 'copper-harbour-93' };
  await post(service, '/auth/register', second);
  const mail = await mailTo(service, second.email);
  await page.goto(service.inbox);
  check('the inbox shows the mail', (await page.content()).includes(second.email));
  await page.screenshot({ path: join(shots, 'inbox.png') });

  const link = /https?:\/\/\S+\/verify-email\?\S+/.exec(mail.text)[0];
  await page.goto(link);
  await page.screenshot({ path: join(shots, 'verify-email.png') });
  await page.getByRole('button').click();
  check('the link and its button confirm the address', (await page.textContent('h1')).includes('confirmed'));
  await page.screenshot({ path: join(shots, 'verified.png') });
  check(
    `no complaint in the console${complaints.map((text) => `\n  ${text}`).join('')}`,
    complaints.length === 0,
  );
} finally {
  await browser.close();
  await service.stop();
}

function check(what, holds) {
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds) process.exitCode = 1;
}
