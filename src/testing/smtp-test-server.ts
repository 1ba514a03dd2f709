import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly to: readonly string[];
  readonly parsed: ParsedMail;
}

export interface SmtpTestServer {
  readonly url: string;
  readonly port: number;
  /** In order of acceptance. */
  readonly received: ReceivedMail[];
  close(): Promise<void>;
}

/** A real SMTP server on the loopback that accepts whatever its hooks do not refuse. */
export async function startSmtpServer(options: SMTPServerOptions = {}): Promise<SmtpTestServer> {
  const received: ReceivedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: false,
    async onData(stream, session, done) {
      const parsed = await simpleParser(stream);
      received.push({ to: session.envelope.rcptTo.map(({ address }) => address), parsed });
      done();
    },
    ...options,
  });
  server.on('error', () => {}); // clients of the tests hang up in the middle
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    received,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A server that speaks as `talk` says, or says nothing at all. */
export async function startRawServer(
  talk: (socket: Socket) => void = () => {},
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    talk(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** The error a hook of `startSmtpServer` answers with. */
export function smtpRefusal(responseCode: number, text = 'refused'): Error {
  return Object.assign(new Error(text), { responseCode });
}
