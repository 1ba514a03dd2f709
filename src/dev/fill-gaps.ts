import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CannotStart } from '../cannot-start';
import { ConfigError } from '../config';
import { settings } from '../settings';
import { developmentSecrets } from './development-secrets';
import { startEmbeddedPostgres } from './embedded-postgres';
import { startInbox } from './inbox';
import { type ReachedPostgres, reachEmbeddedPostgres } from './reach-postgres';

/** An environment in which nothing is missing. */
export interface FilledEnvironment {
  readonly environment: NodeJS.ProcessEnv;
  /** The settings that were not given: what they name is embedded, or was made here. */
  readonly filled: ReadonlySet<string>;
  /** Ends what was started for it. */
  stop(): Promise<void>;
}

/** For the service: what the environment does not name is embedded (PostgreSQL, an inbox) or made (secrets, a first admin). */
export async function fillGapsOfService(
  given: NodeJS.ProcessEnv,
  dataDir: string,
): Promise<FilledEnvironment & { readonly inboxUrl: string | undefined }> {
  const gaps = new Gaps(given);
  const inboxPort = readInboxPort(gaps.environment);
  let inboxUrl: string | undefined;
  await gaps.fillAll(async () => {
    await gaps.fillSecrets(dataDir);
    await gaps.fillFirstAdmin();
    await gaps.fillDatabase(() => startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres') }));
    await gaps.fill('SMTP_URL', async () => {
      const inbox = await startInbox({ httpPort: inboxPort });
      gaps.atStop(() => inbox.close());
      inboxUrl = inbox.url;
      return inbox.smtpUrl;
    });
  });
  return { environment: gaps.environment, filled: gaps.filled, stop: () => gaps.stop(), inboxUrl };
}

/**
 * For a command, beside the service or without it: the same database and secrets. The inbox is the service's; mails that
 * the command causes go out when the service runs.
 */
export async function fillGapsOfCommand(
  given: NodeJS.ProcessEnv,
  dataDir: string,
): Promise<FilledEnvironment> {
  const gaps = new Gaps(given);
  await gaps.fillAll(async () => {
    await gaps.fillSecrets(dataDir);
    await gaps.fillFirstAdmin();
    await gaps.fillDatabase(() => reachEmbeddedPostgres(join(dataDir, 'postgres')));
    await gaps.fill('SMTP_URL', () => 'smtp://localhost');
  });
  return { environment: gaps.environment, filled: gaps.filled, stop: () => gaps.stop() };
}

class Gaps {
  readonly environment: NodeJS.ProcessEnv;
  readonly filled = new Set<string>();
  readonly #stops: (() => Promise<void>)[] = [];

  constructor(given: NodeJS.ProcessEnv) {
    this.environment = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  }

  /** Ends what was started if the rest cannot be. */
  async fillAll(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Makes the value of a setting that is not given, neither itself nor as the path of a file. */
  async fill(name: string, make: () => string | Promise<string>): Promise<void> {
    if (this.environment[name] !== undefined || this.environment[`${name}_FILE`] !== undefined) return;
    this.environment[name] = await make();
    this.filled.add(name);
  }

  async fillSecrets(dataDir: string): Promise<void> {
    for (const [name, secret] of Object.entries(developmentSecrets(join(dataDir, 'secrets.json')))) {
      await this.fill(name, () => secret);
    }
  }

  async fillFirstAdmin(): Promise<void> {
    await this.fill('ADMIN_PASSWORD', () => randomBytes(12).toString('base64url'));
    await this.fill('ADMIN_EMAIL', () => 'admin@localhost.test');
  }

  async fillDatabase(open: () => Promise<ReachedPostgres>): Promise<void> {
    await this.fill('DATABASE_URL', async () => {
      const postgres = await open();
      this.atStop(() => postgres.stop());
      return postgres.url;
    });
  }

  atStop(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) await stop();
  }
}

/** What is needed before the other settings can be complete. Throws `CannotStart`. */
function readInboxPort(environment: NodeJS.ProcessEnv): number {
  const read = settings.pick({ INBOX_PORT: true, WEB_CONCURRENCY: true }).safeParse(environment);
  if (!read.success) {
    throw new ConfigError(read.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`));
  }
  if (read.data.WEB_CONCURRENCY > 1) {
    throw new CannotStart(
      'WEB_CONCURRENCY: the development entry runs one process; set NODE_ENV=production for several',
    );
  }
  return read.data.INBOX_PORT;
}
