import { parseArgs } from 'node:util';
import { systemClock } from '../clock';
import { loadConfig } from '../config';
import { createLogger } from '../observability/logger';
import { runProcess } from '../process';
import { type RunningService, serve } from '../server';
import { watchCommands } from './command-watch';
import { DATA_DIR } from './data-dir';
import { fillGapsOfService } from './fill-gaps';

const { 'data-dir': dataDir } = parseArgs({
  options: { 'data-dir': { type: 'string', default: DATA_DIR } },
}).values;

/**
 * The development entry: what the environment does not name is embedded (PostgreSQL, an inbox) or made and kept
 * (secrets, a first admin); the rest is as in production.
 */
void runProcess(async () => {
  const parts = await fillGapsOfService(process.env, dataDir);
  try {
    const config = loadConfig(parts.environment);
    const service = await serve(config, createLogger(config.logLevel));
    announce(config.baseUrl, service, {
      inboxUrl: parts.inboxUrl,
      adminEmail: config.admin?.email,
      madeAdminPassword: parts.filled.has('ADMIN_PASSWORD') ? config.admin?.password : undefined,
    });
    const { databaseUrl, redisUrl } = config;
    const watch =
      redisUrl === undefined
        ? watchCommands({ databaseUrl, clock: systemClock, onChange: service.forgetUser })
        : undefined;
    return {
      stop: async () => {
        await watch?.stop();
        await service.stop();
        await parts.stop();
      },
    };
  } catch (error) {
    await parts.stop();
    throw error;
  }
});

interface Announced {
  /** Undefined where the environment brings its own mail server. */
  readonly inboxUrl: string | undefined;
  readonly adminEmail: string | undefined;
  /** Undefined where somebody chose it: then it is theirs to know, and not for a log. */
  readonly madeAdminPassword: string | undefined;
}

function announce(
  baseUrl: string,
  { address, firstAdminMade }: RunningService,
  { inboxUrl, adminEmail, madeAdminPassword }: Announced,
): void {
  const password =
    madeAdminPassword === undefined
      ? 'with the password from ADMIN_PASSWORD'
      : `password (shown this once): ${madeAdminPassword}`;
  const text = [
    `API    ${baseUrl}/api/v1  (listening on ${address})`,
    `Docs   ${baseUrl}/api-docs`,
    ...(inboxUrl === undefined ? [] : [`Inbox  ${inboxUrl}`]),
    ...(firstAdminMade ? [`Admin  ${adminEmail}  ${password}`] : []),
  ];
  process.stdout.write(`\nTollgate is ready.\n${text.map((line) => `  ${line}\n`).join('')}\n`);
}
