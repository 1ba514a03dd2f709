import { once } from 'node:events';
import { createServer, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { ApiClient, newUser } from '../testing/api-client';
import { BrowserClient } from '../testing/browser-client';
import { codeIn, linkIn, tokenIn } from '../testing/captured-mailer';
import { eventually } from '../testing/redis-cluster';
import { createTestApp, stateKinds } from '../testing/test-app';

describe.each(stateKinds)('log lines over %s', (state) => {
  it('hold no e-mail, password, code or token, whatever is done and whatever fails', async () => {
    const test = await createTestApp({ state });
    try {
      const client = new ApiClient(test.app);
      const secrets: string[] = [];
      const user = newUser();
      const { email } = user;
      const newPassword = newUser().password;
      secrets.push(email, user.username, user.password, newPassword);
      /** Asks for a code; its digits, once all that the mail carries is noted as secret. */
      const mailed = async (purpose?: string) => {
        if (purpose !== undefined) await client.post('/otp/request', { email, purpose });
        await test.deliverMails();
        const [mail] = test.mailer.to(email);
        secrets.push(codeIn(mail), tokenIn(mail));
        return codeIn(mail);
      };
      const keep = (tokens: { accessToken: string; refreshToken?: string }) => {
        secrets.push(tokens.accessToken, ...(tokens.refreshToken === undefined ? [] : [tokens.refreshToken]));
        return tokens;
      };

      await client.post('/auth/register', user);
      await mailed();
      const link = linkIn(test.mailer.to(email)[0]);
      secrets.push(link.slice(link.indexOf('=') + 1));
      await request(test.app).get(link);
      await request(test.app).post(link);
      const { body: first } = await client.post('/auth/login', { email, password: user.password });
      keep(first);
      const { body: second } = await client.post('/auth/refresh', { refreshToken: first.refreshToken });
      keep(second);
      keep((await client.post('/auth/guest')).body);
      const code = await mailed('login');
      await client.post('/otp/verify', { email, purpose: 'login', otp: '000000' });
      keep((await client.post('/otp/verify', { email, purpose: 'login', otp: code })).body);
      const otp = await mailed('reset_password');
      const { body } = await client.post('/otp/verify', { email, purpose: 'reset_password', otp });
      secrets.push(body.resetToken);

      const browser = new BrowserClient(test.app);
      /** The token that the browser's cookie holds, noted as secret. */
      const kept = () => secrets.push(String(browser.cookie?.split('=')[1]));
      keep((await browser.post('/auth/login', { email, password: user.password })).body);
      kept();
      keep((await browser.post('/auth/refresh')).body);
      kept();

      // What is refused, and what fails inside with everything at hand.
      jest.spyOn(test.services.rotation, 'rotate').mockRejectedValueOnce(new Error('a fault'));
      expect((await browser.post('/auth/refresh')).status).toBe(500);
      await browser.post('/auth/refresh', { refreshToken: first.refreshToken });
      browser.cookie = `refresh=${first.refreshToken}`;
      await browser.post('/auth/refresh');
      await client.post('/auth/login', { email, password: 'not this one' });
      await client.post('/auth/login', { email, password: user.password, extra: newPassword });
      await client.get(`/users/${email}?token=${first.accessToken}`, first.accessToken);
      await client.post('/auth/logout-all', undefined, second.accessToken);
      const failing = jest.spyOn(test.backends.credentials, 'resetPassword');
      failing.mockRejectedValue(new Error('a fault'));
      const failed = await client.post('/auth/password/reset', { resetToken: body.resetToken, newPassword });
      expect([failed.status, failed.text.includes('a fault')]).toEqual([500, false]);
      failing.mockRestore();

      const lines = test.logged.join('');
      expect(test.logged.length).toBeGreaterThan(20);
      expect(lines).toContain('a fault');
      for (const event of ['authn_login_success', 'authn_login_fail', 'authn_token_revoked']) {
        expect(lines).toContain(event);
      }
      expect(secrets).toHaveLength(23);
      // Digits alone may stand in a time or an id by chance.
      const shown = secrets.filter((secret) => {
        const pattern = /^\d{6}$/.test(secret) ? new RegExp(`(?<![\\d-])${secret}(?!\\d)`) : undefined;
        return pattern?.test(lines) ?? lines.includes(secret);
      });
      expect(shown).toEqual([]);
    } finally {
      await test.close();
    }
  });
});

it('a client that is gone before its answer is told as such, and not as a success', async () => {
  const test = await createTestApp();
  const server = createServer(test.app).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const asked = new Promise<void>((resolve) => {
      jest.spyOn(test.services.limiter, 'take').mockImplementation(() => {
        resolve();
        return new Promise(() => {});
      });
    });
    const sending = sendRequest({ port, method: 'POST', path: '/api/v1/auth/guest' }).end();
    sending.on('error', () => {});
    await asked;
    sending.destroy();
    await eventually(async () => expect(lines()).toHaveLength(1));
    expect(lines()).toMatchObject([{ method: 'POST', status: 499 }]);
    const { text } = await request(test.app).get('/metrics');
    expect(text).toContain(
      'http_request_duration_seconds_count{route="/api/v1/auth/guest",method="POST",status="499"} 1',
    );
  } finally {
    server.closeAllConnections();
    server.close();
    await test.close();
  }
  function lines() {
    return test.logged.map((line) => JSON.parse(line)).filter(({ route }) => route === '/api/v1/auth/guest');
  }
});
