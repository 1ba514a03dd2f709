import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock';
import type { Config } from '../config';
import { enterSmtp } from '../mail/smtp-admission';
import { parseSmtpUrl } from '../mail/smtp-url';
import { PasswordHasher } from '../passwords/password-hasher';
import { type DatabaseFacts, readDatabaseFacts } from '../stores/postgres/database-facts';
import { readMigrationState } from '../stores/postgres/migration-state';
import { openRedis } from '../stores/redis/redis';
import { type RedisFacts, readRedisFacts } from '../stores/redis/redis-facts';
import { type Facts, type Seen, type StoredHashes, seen, unseen } from './facts';
import { lookAtInstance } from './instance/instance-facts';
import { reasonOf } from './reason';
import { findSecretFiles } from './secret-files';

/** Milliseconds for one step with a dependency. */
const STEP_MS = 4_000;
const SMTP_MS = 3_000;

export interface Subject {
  readonly config: Config;
  readonly production: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly filled: ReadonlySet<string>;
  /** Path of the file that `npm start` reads settings from; it need not be there. */
  readonly envFile: string;
  /** Where to look for the running instance. */
  readonly origin: string;
  readonly instanceAskedFor: boolean;
  readonly clock: Clock;
}

/** Looks at everything that the checks judge. Never throws for what is away: that is unseen. */
export async function examine(subject: Subject): Promise<Facts> {
  const { config, filled, clock, origin } = subject;
  const [database, redis] = await Promise.all([
    attempt(() => readDatabaseFacts(config.databaseUrl, STEP_MS, clock)),
    lookAtRedis(config.redisUrl, clock),
  ]);
  const [migrations, smtp, instance] = await Promise.all([
    database.seen ? attempt(() => readMigrationState(config.databaseUrl, STEP_MS)) : database,
    filled.has('SMTP_URL')
      ? unseen('the embedded inbox')
      : attempt(() => enterSmtp(parseSmtpUrl(config.smtpUrl), SMTP_MS)),
    lookAtInstance(origin, config.baseUrl),
  ]);
  const hasher = await PasswordHasher.create({ cost: config.bcryptCost, peppers: config.passwordPeppers });
  return {
    ...subject,
    secretFiles: findSecretFiles(subject.environment, subject.envFile),
    database,
    storedHashes: judgeHashes(database, hasher),
    migrations,
    redis,
    smtp,
    instance,
    // Last, so that it has the machine to itself.
    hashMs: await timeOf(() => hasher.hash(randomBytes(16).toString('base64'))),
    now: clock.now(),
  };
}

async function lookAtRedis(url: string | undefined, clock: Clock): Promise<Seen<readonly RedisFacts[]>> {
  if (url === undefined) return unseen('none is set');
  const redis = openRedis({ url });
  try {
    return await attempt(async () => {
      await redis.ready();
      return readRedisFacts(redis, clock);
    });
  } finally {
    await redis.close();
  }
}

/** A head is as good as a whole hash to tell format, pepper and cost by. */
function judgeHashes(database: Seen<DatabaseFacts>, hasher: PasswordHasher): Seen<StoredHashes> {
  if (!database.seen) return database;
  const { accounts } = database.value;
  if (accounts === undefined) return unseen('there are no tables yet: the first start makes them');
  const count = (counts: (hash: string) => boolean) =>
    accounts.hashes
      .filter(({ head }) => counts(`${head}$${'.'.repeat(53)}`))
      .reduce((sum, { accounts: number }) => sum + number, 0);
  return seen({
    all: count(() => true),
    older: count((hash) => hasher.needsRehash(hash)),
    unusable: count((hash) => !hasher.canVerify(hash)),
  });
}

async function attempt<T>(look: () => Promise<T>): Promise<Seen<T>> {
  try {
    return seen(await look());
  } catch (error) {
    return unseen(reasonOf(error));
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
