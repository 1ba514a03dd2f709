import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { CannotStart } from '../cannot-start';
import { type Clock, systemClock } from '../clock';
import { type InboxMail, inboxPage, PAGE_POLICY, PAGE_SCRIPT } from './inbox-page';

const LOOPBACK = '127.0.0.1';
/** The newest are kept, in memory. */
const KEPT_MAILS = 200;
/** Bytes. */
const MAIL_LIMIT = 1_048_576;

export interface InboxOptions {
  /** 0: any free one. Taken: an error that names INBOX_PORT. */
  readonly httpPort: number;
  readonly smtpPort?: number;
  readonly clock?: Clock;
}

export interface Inbox {
  readonly smtpUrl: string;
  /** The page; its JSON list is at `/api/messages`. */
  readonly url: string;
  /** Newest first. */
  messages(): readonly InboxMail[];
  close(): Promise<void>;
}

/** An inbox for development: takes any mail on the loopback address, sends none on, and shows what it took. */
export async function startInbox(options: InboxOptions): Promise<Inbox> {
  const clock = options.clock ?? systemClock;
  const mails: InboxMail[] = [];
  const keep = (mail: InboxMail) => {
    mails.unshift(mail);
    mails.length = Math.min(mails.length, KEPT_MAILS);
  };

  const web = createServer((request, response) => answer(request, response, mails));
  const httpPort = await listen(web, options.httpPort, 'the inbox page', 'INBOX_PORT');
  const smtp = mailServer(keep, clock);
  const smtpPort = await listen(smtp.server, options.smtpPort ?? 0, "the inbox's SMTP server").catch(
    async (error: unknown) => {
      await closeWeb(web);
      throw error;
    },
  );
  smtp.on('error', () => {}); // a client that hangs up is its own affair
  return {
    smtpUrl: `smtp://${LOOPBACK}:${smtpPort}`,
    url: `http://localhost:${httpPort}`,
    messages: () => mails,
    async close() {
      await Promise.all([closeWeb(web), new Promise<void>((resolve) => smtp.close(() => resolve()))]);
    },
  };
}

function mailServer(keep: (mail: InboxMail) => void, clock: Clock): SMTPServer {
  return new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAIL_LIMIT,
    maxClients: 50,
    socketTimeout: 30_000,
    closeTimeout: 500,
    logger: false,
    onData(stream, { envelope }, done) {
      const to = envelope.rcptTo.map(({ address }) => address).join(', ');
      take(stream, to, clock).then((mail) => {
        keep(mail);
        done();
      }, done);
    },
  });
}

async function take(stream: SMTPServerDataStream, to: string, clock: Clock): Promise<InboxMail> {
  const source = await read(stream);
  if (source === undefined) {
    throw Object.assign(new Error('the mail is too large'), { responseCode: 552 });
  }
  const { subject = '', text = '', html } = await simpleParser(source, { skipImageLinks: true });
  return { to, subject, text, html: html || '', at: new Date(clock.now()).toISOString() };
}

/** Undefined for a mail over the limit, which is read to its end all the same: SMTP answers only then. */
async function read(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAIL_LIMIT) chunks.push(chunk);
  }
  return bytes > MAIL_LIMIT ? undefined : Buffer.concat(chunks);
}

function answer(request: IncomingMessage, response: ServerResponse, mails: readonly InboxMail[]): void {
  const { status, type, body } = page(request, mails);
  response.writeHead(status, {
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Security-Policy': PAGE_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    ...(status === 405 && { Allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function page({ headers, method, url }: IncomingMessage, mails: readonly InboxMail[]) {
  const refuse = (status: number, body: string) => ({ status, type: 'text/plain', body });
  // A page of a stranger's whose name was made to lead here (DNS rebinding) must not read codes.
  if (!/^(localhost|127\.0\.0\.1)(:\d+)?$/i.test(headers.host ?? '')) {
    return refuse(403, 'The inbox answers to localhost alone.\n');
  }
  const show = {
    '/': () => ({ status: 200, type: 'text/html', body: inboxPage(mails) }),
    '/inbox.js': () => ({ status: 200, type: 'text/javascript', body: PAGE_SCRIPT }),
    '/api/messages': () => ({ status: 200, type: 'application/json', body: JSON.stringify(mails) }),
  };
  const found = Object.entries(show).find(([path]) => path === url?.split('?', 1)[0]);
  if (found === undefined) return refuse(404, 'There is / and /api/messages.\n');
  if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'The inbox is read only.\n');
  return found[1]();
}

/** Listens on the loopback address alone and returns the port. */
async function listen(server: NetServer, port: number, what: string, setting?: string): Promise<number> {
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    const advice = setting === undefined ? '' : `: set ${setting} to another one (0 for any that is free)`;
    throw new CannotStart(
      `port ${port} for ${what} is ${code === 'EACCES' ? 'not allowed' : 'taken'}${advice}`,
      {
        cause: error,
      },
    );
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`${what} has no port`);
  return address.port;
}

async function closeWeb(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
