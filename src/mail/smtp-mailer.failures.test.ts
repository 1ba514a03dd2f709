import { inspect } from 'node:util';

import {
  type SmtpTestServer,
  smtpRefusal,
  startRawServer,
  startSmtpServer,
} from '../testing/smtp-test-server';
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

async function rawServer(talk?: Parameters<typeof startRawServer>[0]): Promise<string> {
  const started = await startRawServer(talk);
  closers.push(() => started.close());
  return started.url;
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

describe('an SMTP mailer whose server does not play along', () => {
  it('tells a recipient refused for good from one refused for now', async () => {
    const { url } = await server({
      onRcptTo: ({ address }, _, done) => done(smtpRefusal(address.startsWith('gone') ? 550 : 450)),
    });
    const mailer = mailerTo(url);
    expect(await failure(mailer.send({ ...message, to: 'gone@example.com' }))).toMatchObject({
      permanent: true,
      reason: 'EENVELOPE 550',
    });
    expect(await failure(mailer.send(message))).toMatchObject({ permanent: false, reason: 'EENVELOPE 450' });
  });

  it('takes a refused message as final, a refused sender or login as a fault of our own', async () => {
    const noData = await server({
      onData: (stream, _, done) => {
        stream.resume().on('end', () => done(smtpRefusal(554)));
      },
    });
    expect(await failure(mailerTo(noData.url).send(message))).toMatchObject({ permanent: true });
    const noSender = await server({ onMailFrom: (_address, _session, done) => done(smtpRefusal(550)) });
    expect(await failure(mailerTo(noSender.url).send(message))).toMatchObject({ permanent: false });
    const noLogin = await server({
      onAuth: (_auth, _session, done) => done(smtpRefusal(535)),
      allowInsecureAuth: true,
    });
    const url = `smtp://someone:hunter2@127.0.0.1:${noLogin.port}`;
    expect(await failure(mailerTo(url).send(message))).toMatchObject({ permanent: false });
  });

  it('repeats neither address nor credentials in an error', async () => {
    const refusing = await server({
      onAuth: ({ username, password }, _, done) => done(smtpRefusal(535, `no ${username} ${password}`)),
      allowInsecureAuth: true,
    });
    const login = await failure(mailerTo(`smtp://someone:hunter2@127.0.0.1:${refusing.port}`).send(message));
    expect(inspect(login, { depth: 9, showHidden: true })).not.toMatch(/someone|hunter2/);
    const { url } = await server({
      onRcptTo: ({ address }, _, done) => done(smtpRefusal(550, `no ${address}`)),
    });
    const recipient = await failure(mailerTo(url).send(message));
    expect(inspect(recipient, { depth: 9, showHidden: true })).not.toContain('ann@');
  });

  it('sends no credentials where TLS is asked for and not offered', async () => {
    let logins = 0;
    const { port } = await server({
      onAuth: (_auth, _session, done) => {
        logins += 1;
        done(null, { user: 'someone' });
      },
      allowInsecureAuth: true,
    });
    const url = `smtp://someone:hunter2@127.0.0.1:${port}?requireTLS=true`;
    expect(await failure(mailerTo(url).send(message))).toMatchObject({ permanent: false });
    expect(logins).toBe(0);
  });

  it('sends nothing to a server whose certificate it cannot verify', async () => {
    const { url, received } = await server({ disabledCommands: [] });
    expect(await failure(mailerTo(url).send(message))).toMatchObject({ permanent: false });
    expect(received).toEqual([]);
  });

  it('gives a silent server up in time', async () => {
    const url = await rawServer();
    const mailer = mailerTo(url, { timeoutMs: 100 });
    expect(await failure(mailer.send(message))).toMatchObject({ reason: 'ETIMEDOUT', permanent: false });
    expect(await failure(mailer.check())).toMatchObject({ permanent: false });
  });

  it('leaves no connection behind when it looks at a server that is silent or never done', async () => {
    const talks: Parameters<typeof startRawServer>[0][] = [
      undefined,
      (socket) => {
        socket.write('220 hello\r\n');
        const timer = setInterval(() => socket.write('250-still here\r\n'), 20);
        socket.on('close', () => clearInterval(timer));
      },
    ];
    const looks = talks.map(async (talk) => {
      const closed: Promise<unknown>[] = [];
      const url = await rawServer((socket) => {
        closed.push(new Promise((resolve) => socket.once('close', resolve)));
        talk?.(socket);
      });
      expect(await failure(mailerTo(url, { timeoutMs: 300 }).check())).toMatchObject({ reason: 'ETIMEDOUT' });
      expect(closed).toHaveLength(1);
      const start = performance.now();
      await Promise.all(closed);
      expect(performance.now() - start).toBeLessThan(1_000);
    });
    await Promise.all(looks);
  });

  it('gives up a server that keeps talking without an end', async () => {
    const url = await rawServer((socket) => {
      socket.write('220 hello\r\n');
      const timer = setInterval(() => socket.write('250-still here\r\n'), 20);
      socket.on('close', () => clearInterval(timer));
    });
    const mailer = mailerTo(url, { timeoutMs: 1_000, deadlineMs: 200 });
    expect(await failure(mailer.send(message))).toMatchObject({ permanent: false });
  });

  it('says when nobody listens', async () => {
    const gone = await startRawServer();
    await gone.close();
    expect(await failure(mailerTo(gone.url).send(message))).toMatchObject({ permanent: false });
    expect(await failure(mailerTo(gone.url).check())).toMatchObject({ permanent: false });
  });
});
