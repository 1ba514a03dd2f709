import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { createTransport } from 'nodemailer';
import { type Inbox, startInbox } from './inbox';

const AT = Date.parse('2026-03-01T12:00:00.000Z');
let inbox: Inbox;

beforeEach(async () => {
  inbox = await startInbox({ httpPort: 0, clock: { now: () => AT, offset: 0 } });
});
afterEach(() => inbox.close());

describe('the embedded inbox', () => {
  it('lists what was sent as JSON, newest first', async () => {
    await send({ subject: 'first', text: 'code 012345', html: '<b>012345</b>' });
    await send({ subject: 'second', text: 'two' });
    const { body, response } = await read('/api/messages');
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(body)).toEqual([
      { to: 'ada@example.com', subject: 'second', text: 'two\n', html: '', at: '2026-03-01T12:00:00.000Z' },
      {
        to: 'ada@example.com',
        subject: 'first',
        text: 'code 012345',
        html: '<b>012345</b>',
        at: '2026-03-01T12:00:00.000Z',
      },
    ]);
    expect(inbox.messages()).toHaveLength(2);
  });

  it('shows no markup of a mail outside its sandboxed frame', async () => {
    const evil = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;
    await send({ subject: evil, text: evil, html: `<p>hi</p>${evil}` });
    const { body, response } = await read('/');
    expect(body.match(/<script[^>]*>/g)).toEqual(['<script src="/inbox.js" defer>']);
    expect(body).not.toContain('<img');
    expect(body).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(body).toMatch(/<iframe sandbox="allow-popups [^>]* srcdoc="&lt;base [^"<>]*&lt;p&gt;hi[^"<>]*">/);
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80'])(
    'refuses the host name "%s", by which a stranger could read codes',
    async (host) => {
      await send({ subject: 'a code', text: '012345' });
      const { response, body } = await read('/api/messages', host);
      expect(response.statusCode).toBe(403);
      expect(body).not.toContain('012345');
    },
  );

  it('keeps the newest 200 mails', async () => {
    const transport = createTransport({
      url: inbox.smtpUrl,
      pool: true,
      maxMessages: Number.POSITIVE_INFINITY,
    });
    for (let number = 1; number <= 201; number++) {
      await transport.sendMail({
        from: 'a@example.com',
        to: 'ada@example.com',
        subject: `${number}`,
        text: 'x',
      });
    }
    transport.close();
    expect(inbox.messages()).toHaveLength(200);
    expect(inbox.messages()[0]?.subject).toBe('201');
    expect(inbox.messages()[199]?.subject).toBe('2');
  });

  it('refuses a mail over 1 MiB and lives on', async () => {
    await expect(send({ subject: 'large', text: 'x'.repeat(1_100_000) })).rejects.toThrow();
    await send({ subject: 'small', text: 'x' });
    expect(inbox.messages().map(({ subject }) => subject)).toEqual(['small']);
  });

  it('names the setting when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startInbox({ httpPort: port })).rejects.toThrow(
      `port ${port} for the inbox page is taken: set INBOX_PORT`,
    );
    other.close();
  });

  it('has no other pages and takes no other methods', async () => {
    expect((await read('/etc/passwd')).response.statusCode).toBe(404);
    const refused = await fetch(inbox.url, { method: 'POST' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

async function send(mail: { subject: string; text: string; html?: string }): Promise<void> {
  const transport = createTransport({ url: inbox.smtpUrl });
  await transport.sendMail({ from: 'a@example.com', to: 'ada@example.com', ...mail });
  transport.close();
}

async function read(path: string, host = 'localhost'): Promise<{ response: IncomingMessage; body: string }> {
  const request = get(inbox.url.replace('localhost', '127.0.0.1') + path, { headers: { host } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { response, body };
}
