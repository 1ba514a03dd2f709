import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CannotStart } from '../cannot-start';
import { ConfigError, loadConfig } from '../config';
import { createLogger } from '../observability/logger';
import { runProcess } from '../process';
import { type RunningService, serve } from '../server';
import { settings } from '../settings';
import { developmentSecrets } from './development-secrets';
import { startEmbeddedPostgres } from './embedded-postgres';
import { startInbox } from './inbox';

/** Where the embedded parts keep their data; `--data-dir` puts it elsewhere. */
const { 'data-dir': DATA_DIR } = parseArgs({
  options: { 'data-dir': { type: 'string', default: join(__dirname, '..', '..', '.data') } },
}).values;

interface Parts {
  readonly environment: NodeJS.ProcessEnv;
  /** Undefined where the environment brings its own. */
  readonly madeAdminPassword: string | undefined;
  /** Lines about what was started here, for the one who started it. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/**
 * The development entry: what the environment does not name is embedded (PostgreSQL, an inbox) or made and kept
 * (secrets, a first admin); the rest is as in production.
 */
void runProcess(async () => {
  const parts = await startParts(process.env);
  try {
    const config = loadConfig(parts.environment);
    const service = await serve(config, createLogger(config.logLevel));
    announce(config.baseUrl, service, parts, config.admin?.email);
    return {
      stop: async () => {
        await service.stop();
        await parts.stop();
      },
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
});

/** Fills the gaps of the environment. */
async function startParts(given: NodeJS.ProcessEnv): Promise<Parts> {
  const environment = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
  const inboxPort = readInboxPort(environment);
  const stops: (() => Promise<void>)[] = [];
  const lines: string[] = [];
  const missing = (name: string) =>
    environment[name] === undefined && environment[`${name}_FILE`] === undefined;
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    for (const [name, secret] of Object.entries(developmentSecrets(join(DATA_DIR, 'secrets.json')))) {
      if (missing(name)) environment[name] = secret;
    }
    const madeAdminPassword = missing('ADMIN_PASSWORD') ? randomBytes(12).toString('base64url') : undefined;
    if (madeAdminPassword !== undefined) environment['ADMIN_PASSWORD'] = madeAdminPassword;
    environment['ADMIN_EMAIL'] ??= 'admin@localhost.test';
    if (missing('DATABASE_URL')) {
      const postgres = await startEmbeddedPostgres({ dataDir: join(DATA_DIR, 'postgres') });
      stops.push(() => postgres.stop());
      environment['DATABASE_URL'] = postgres.url;
    }
    if (missing('SMTP_URL')) {
      const inbox = await startInbox({ httpPort: inboxPort });
      stops.push(() => inbox.close());
      environment['SMTP_URL'] = inbox.smtpUrl;
      lines.push(`Inbox  ${inbox.url}`);
    }
    return { environment, madeAdminPassword, lines, stop };
  } catch (error) {
    await stop();
    throw error;
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

function announce(
  baseUrl: string,
  { address, firstAdminMade }: RunningService,
  { lines, madeAdminPassword }: Parts,
  adminEmail: string | undefined,
): void {
  // A password that somebody chose is theirs to know, and not for a log.
  const password =
    madeAdminPassword === undefined
      ? 'with the password from ADMIN_PASSWORD'
      : `password (shown this once): ${madeAdminPassword}`;
  const text = [
    `API    ${baseUrl}/api/v1  (listening on ${address})`,
    `Docs   ${baseUrl}/api-docs`,
    ...lines,
    ...(firstAdminMade ? [`Admin  ${adminEmail}  ${password}`] : []),
  ];
  process.stdout.write(`\nTollgate is ready.\n${text.map((line) => `  ${line}\n`).join('')}\n`);
}
