import { DependencyUnavailable } from '../stores/dependency-unavailable';
import type { OutboxStore } from '../stores/outbox/outbox-store';
import { createTestOutbox, type TestOutbox } from '../testing/test-outbox';
import { SmtpMailer } from './smtp-mailer';

const MINUTE = 60_000;
let outbox: TestOutbox;

beforeAll(async () => {
  outbox = await createTestOutbox();
});

afterEach(() => outbox.empty());
afterAll(() => outbox?.drop());

describe('the outbox worker', () => {
  it('sends again, with a new code, what a crash left between acceptance and completion', async () => {
    const { url, received } = await outbox.smtp();
    const complete = jest.fn().mockRejectedValue(new DependencyUnavailable('postgresql', undefined));
    const claim = outbox.store.claim.bind(outbox.store);
    const crashing = {
      claim,
      complete,
      retry: complete,
      giveUpExpired: async () => new Map(),
      backlog: complete,
    };
    await outbox.enqueue();
    await outbox.working(url, { store: crashing }).worker.drain();
    const { worker } = outbox.working(url);
    expect(await worker.drain()).toBe(0);
    outbox.clock.offset = MINUTE + 1;
    expect(await worker.drain()).toBe(1);
    expect(received).toHaveLength(2);
  });

  it('sends each of 64 mails once with four workers at it', async () => {
    const { url, received } = await outbox.smtp();
    const workers = Array.from({ length: 4 }, () => {
      // Patient: a mail that a busy machine is late with would be tried again.
      const mailer = new SmtpMailer({ url, from: 'no-reply@auth.example' });
      outbox.closeAfter(() => mailer.close());
      return outbox.working(url, { mailer }).worker;
    });
    for (let round = 0; round < 3; round++) {
      const emails = Array.from({ length: 64 }, (_, i) => `r${round}u${i}@example.com`);
      await Promise.all(emails.map((email) => outbox.enqueue({ email, kind: 'PASSWORD_CHANGED' })));
      const handled = await Promise.all(workers.map((worker) => worker.drain()));
      expect(handled.reduce((sum, count) => sum + count, 0)).toBe(64);
      expect(
        received
          .splice(0)
          .flatMap(({ to }) => to)
          .sort(),
      ).toEqual(emails.map((email) => `stored-${email}`).sort());
    }
    expect(await outbox.waiting()).toBe(0);
  });

  it('looks by itself, goes on after a failure of the store, and says so once', async () => {
    const { url } = await outbox.smtp();
    let looks = 0;
    const faulty = Object.create(outbox.store, {
      claim: {
        value: (limit: number, leaseMs: number) => {
          looks += 1;
          if (looks <= 3) throw new DependencyUnavailable('postgresql', undefined);
          return outbox.store.claim(limit, leaseMs);
        },
      },
    }) as OutboxStore;
    const sent = new Promise<string>((resolve) => {
      const { worker, seen } = outbox.working(url, {
        store: faulty,
        events: { onSent: resolve, onFailed: () => {}, onGivenUp: () => {} },
      });
      outbox.closeAfter(async () => {
        await worker.stop();
        expect(seen.log).toEqual([{ reason: 'postgresql is unavailable', message: 'outbox cannot be read' }]);
      });
      worker.start();
      const poke = setInterval(() => worker.wake(), 10);
      outbox.closeAfter(async () => clearInterval(poke));
    });
    await outbox.enqueue();
    await expect(sent).resolves.toBe('LOGIN_CODE');
  });

  it('finishes what is under way when it stops, and leaves the rest to others', async () => {
    let accept = (): void => {};
    const reached = new Promise<void>((resolve) => {
      accept = resolve;
    });
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { url, received } = await outbox.smtp({
      onRcptTo: async (_address, _session, done) => {
        accept();
        await released;
        done();
      },
    });
    const { worker } = outbox.working(url, { concurrency: 1 });
    for (let i = 0; i < 5; i++) await outbox.enqueue();
    worker.start();
    await reached;
    const stopped = worker.stop();
    release();
    await stopped;
    expect(received).toHaveLength(1);
    expect(await outbox.store.claim(10, MINUTE)).toHaveLength(4);
  });

  it('stops in time whatever a mail server does', async () => {
    const silent = await outbox.silentServer();
    const find = jest.fn(() => new Promise<undefined>(() => {}));
    const { worker } = outbox.working(silent.url, { recipients: { find } });
    await outbox.enqueue();
    const claimed = new Promise<void>((resolve) => {
      find.mockImplementationOnce(() => {
        resolve();
        return new Promise(() => {});
      });
    });
    worker.start();
    await claimed;
    const begun = performance.now();
    await worker.stop(50);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
