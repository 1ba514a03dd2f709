import { inspect } from 'node:util';

import { type SmtpTestServer, startSmtpServer } from '../testing/smtp-test-server';
import { type MailMessage, MailNotSent } from './mailer';
import { SmtpMailer, type SmtpMailerOptions } from './smtp-mailer';

const message: MailMessage = {
  to: 'ann@example.com',
  subject: 'Your code',
  text: '012345\n',
  html: '<p>012345</p>',
};
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function server(options?: Parameters<typeof startSmtpServer>[0]): Promise<SmtpTestServer> {
  const started = await startSmtpServer(options);
  closers.push(() => started.close());
  return started;
}

function mailerTo(url: string, options: Partial<SmtpMailerOptions> = {}): SmtpMailer {
  const mailer = new SmtpMailer({ url, from: 'Tollgate <no-reply@tollgate.example>', ...options });
  closers.push(() => mailer.close());
  return mailer;
}

async function failure(promise: Promise<unknown>): Promise<MailNotSent> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof MailNotSent)) throw new Error(`not a MailNotSent: ${inspect(error)}`);
  return error;
}

describe('an SMTP mailer', () => {
  it('sends a text and an HTML part from the configured sender, under a message id of its domain', async () => {
    const { url, received } = await server();
    await mailerTo(url).send(message);
    const [mail] = received;
    expect(mail?.to).toEqual(['ann@example.com']);
    expect(mail?.parsed.from?.value).toEqual([{ address: 'no-reply@tollgate.example', name: 'Tollgate' }]);
    expect(mail?.parsed.messageId).toMatch(/@tollgate\.example>$/);
    expect(mail?.parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.parsed.subject).toBe('Your code');
    expect(mail?.parsed.text?.split(/\r?\n/)).toContain('012345');
    expect(mail?.parsed.html).toContain('<p>012345</p>');
    expect(mail?.parsed.attachments).toEqual([]);
  });

  it.each([
    'ann@example.com\r\nBcc: eve@example.com',
    'ann@example.com\nSubject: x',
    'ann@example.com>\r\nRCPT TO:<eve@example.com',
    'ann@example.com,eve@example.com',
    'ann@example.com;eve@example.com',
    'Ann <ann@example.com>',
    '"ann"@example.com',
    'änn@example.com',
    'ann@exämple.com',
    'ann@[127.0.0.1]',
    'ann@-example.com',
    'ann',
    '',
    `${'a'.repeat(250)}@example.com`,
  ])('sends nothing to what is not one plain ASCII address: %j', async (to) => {
    const { url, received } = await server();
    expect(await failure(mailerTo(url).send({ ...message, to }))).toMatchObject({ permanent: true });
    expect(received).toEqual([]);
  });

  it('sends nothing under a subject of two lines', async () => {
    const { url, received } = await server();
    const subject = 'Your code\r\nBcc: eve@example.com';
    expect(await failure(mailerTo(url).send({ ...message, subject }))).toMatchObject({ permanent: true });
    expect(received).toEqual([]);
  });

  it.each([
    ['nobody', 'not an address'],
    ['a list', 'a@example.com, b@example.com'],
    ['two lines', 'Tollgate\r\nBcc: eve@example.com <a@example.com>'],
  ])('refuses %s as a sender', (_, from) => {
    expect(() => new SmtpMailer({ url: 'smtp://127.0.0.1', from })).toThrow('sender');
  });

  it('checks a server without sending a mail', async () => {
    const { url, received } = await server();
    await expect(mailerTo(url).check()).resolves.toBeUndefined();
    expect(received).toEqual([]);
  });

  it('holds no more connections than it may, and sends all of 64 mails', async () => {
    let open = 0;
    let most = 0;
    const { url, received } = await server({
      onConnect: (_session, done) => {
        open += 1;
        most = Math.max(most, open);
        done();
      },
      onClose: () => {
        open -= 1;
      },
    });
    const mailer = mailerTo(url, { maxConnections: 3 });
    await Promise.all(
      Array.from({ length: 64 }, (_, i) => mailer.send({ ...message, to: `u${i}@example.com` })),
    );
    expect(new Set(received.flatMap(({ to }) => to)).size).toBe(64);
    expect(received).toHaveLength(64);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(3);
  });
});
