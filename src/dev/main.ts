import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config';
import { createLogger } from '../observability/logger';
import { runProcess } from '../process';
import { type RunningService, serve } from '../server';
import { developmentSecrets } from './development-secrets';
import { startEmbeddedPostgres } from './embedded-postgres';
import { startInbox } from './inbox';

/** Where the embedded parts keep their data; `--data-dir` puts it elsewhere. */
const { 'data-dir': DATA_DIR } = parseArgs({
  options: { 'data-dir': { type: 'string', default: join(__dirname, '..', '..', '.data') } },
}).values;

interface Parts {
  readonly environment: NodeJS.ProcessEnv;
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
    const adminPassword = parts.environment['ADMIN_PASSWORD'];
    const config = loadConfig(parts.environment);
    const service = await serve(config, createLogger(config.logLevel));
    announce(config.baseUrl, service, parts.lines, config.admin?.email, adminPassword);
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
    if (missing('ADMIN_PASSWORD')) environment['ADMIN_PASSWORD'] = randomBytes(12).toString('base64url');
    environment['ADMIN_EMAIL'] ??= 'admin@localhost.test';
    if (missing('DATABASE_URL')) {
      const postgres = await startEmbeddedPostgres({ dataDir: join(DATA_DIR, 'postgres') });
      stops.push(() => postgres.stop());
      environment['DATABASE_URL'] = postgres.url;
    }
    if (missing('SMTP_URL')) {
      const inbox = await startInbox({ httpPort: Number(environment['INBOX_PORT'] ?? 8025) });
      stops.push(() => inbox.close());
      environment['SMTP_URL'] = inbox.smtpUrl;
      lines.push(`Inbox  ${inbox.url}`);
    }
    return { environment, lines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function announce(
  baseUrl: string,
  { address, firstAdminMade }: RunningService,
  lines: readonly string[],
  adminEmail: string | undefined,
  adminPassword: string | undefined,
): void {
  const admin = firstAdminMade ? [`Admin  ${adminEmail}  password (shown this once): ${adminPassword}`] : [];
  const text = [
    `API    ${baseUrl}/api/v1  (listening on ${address})`,
    `Docs   ${baseUrl}/api-docs`,
    ...lines,
    ...admin,
  ];
  process.stdout.write(`\nTollgate is ready.\n${text.map((line) => `  ${line}\n`).join('')}\n`);
}
