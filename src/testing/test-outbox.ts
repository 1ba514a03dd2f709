import type { SMTPServerOptions } from 'smtp-server';

import { MailComposer } from '../mail/mail-composer';
import { OutboxWorker, type OutboxWorkerOptions } from '../mail/outbox-worker';
import type { Recipient } from '../mail/recipients';
import { SmtpMailer } from '../mail/smtp-mailer';
import { MailTemplates } from '../mail/templates';
import { enqueueMail, type MailToEnqueue, PrismaOutboxStore } from '../stores/outbox/prisma-outbox-store';
import { Database } from '../stores/postgres/database';
import { startRawServer, startSmtpServer } from './smtp-test-server';
import { createTestDatabase } from './test-database';

const baseUrl = 'https://auth.example';

/** An outbox in a database of its own, and workers with everything real but the accounts and the codes. */
export async function createTestOutbox() {
  const test = await createTestDatabase();
  // Patient, for a machine that runs many tests at once.
  const database = new Database(test.url, { connectMs: 10_000, statementMs: 10_000 });
  /** Moves on with the machine, as PostgreSQL does; only the offset is the test's. */
  const clock = { offset: 0, now: () => Date.now() + clock.offset };
  const store = new PrismaOutboxStore(database, clock);
  const closers: (() => Promise<void>)[] = [];

  async function closing<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
    const opened = await opening;
    closers.push(() => opened.close());
    return opened;
  }

  /** `seen` is what the worker did and said. */
  function working(url: string, changes: Partial<OutboxWorkerOptions> = {}) {
    const seen = {
      log: [] as object[],
      sent: [] as string[],
      failed: [] as string[],
      givenUp: [] as unknown[],
    };
    const codes = drawnCodes();
    const templates = new MailTemplates({ baseUrl });
    const mailer = new SmtpMailer({ url, from: 'no-reply@auth.example', timeoutMs: 300, deadlineMs: 1_000 });
    const worker = new OutboxWorker({
      store,
      recipients: {
        find: async ({ email }) => (email.startsWith('nobody') ? undefined : recipientOf(email)),
      },
      budget: { take: async () => async () => {} },
      composer: new MailComposer({ codes, links: { issue: () => 'secret-link' }, templates, baseUrl }),
      mailer,
      clock,
      log: { warn: (fields, message) => seen.log.push({ ...fields, message }) },
      events: {
        onSent: (kind) => seen.sent.push(kind),
        onFailed: (kind) => seen.failed.push(kind),
        onGivenUp: (kind, count) => seen.givenUp.push([kind, count]),
      },
      ...changes,
    });
    closers.push(() => mailer.close());
    return { worker, codes, seen };
  }

  return {
    clock,
    store,
    working,
    smtp: (options?: SMTPServerOptions) => closing(startSmtpServer(options)),
    silentServer: () => closing(startRawServer()),
    closeAfter: (close: () => Promise<void>) => closers.push(close),
    enqueue: (mail: Partial<MailToEnqueue> = {}) =>
      database.run((client) =>
        enqueueMail(client, { kind: 'LOGIN_CODE', email: 'ann@example.com', now: clock.now(), ...mail }),
      ),
    waiting: async () => (await store.backlog()).waiting,
    /** After each test. */
    async empty() {
      for (const close of closers.splice(0).reverse()) await close();
      clock.offset = 0;
      await database.run((client) => client.outboxMail.deleteMany());
    },
    /** After all. */
    async drop() {
      await database.close();
      await test.drop();
    },
  };
}

export type TestOutbox = Awaited<ReturnType<typeof createTestOutbox>>;

function recipientOf(email: string): Recipient {
  return {
    userId: `id of ${email}`,
    email: `stored-${email}`,
    credentialVersion: 1,
    pending: false,
    role: 'USER',
    disabled: false,
  };
}

/** Codes 000001, 000002 …, with ids c1, c2 … */
function drawnCodes() {
  let drawn = 0;
  return {
    draw: jest.fn(async () => {
      drawn += 1;
      return { id: `c${drawn}`, code: String(drawn).padStart(6, '0'), token: `secret-token-${drawn}` };
    }),
    activate: jest.fn(async (_account: string, _purpose: string, _id: string) => {}),
    discard: jest.fn(async (_account: string, _purpose: string, _id: string) => {}),
  };
}
