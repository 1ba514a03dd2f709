import { availableParallelism } from 'node:os';
import type { AppServices } from './app';
import type { Backends } from './backends';
import type { Clock } from './clock';
import { composeLimits } from './compose-limits';
import type { Config } from './config';
import { Health } from './health';
import { Allowlist } from './limits/allowlist';
import type { OutageWatch } from './limits/outage-watch';
import { AccountRecipients } from './mail/account-recipients';
import { MailComposer } from './mail/mail-composer';
import { OutboxWorker } from './mail/outbox-worker';
import { RecipientBudget } from './mail/recipient-budget';
import { MailTemplates } from './mail/templates';
import { Audit } from './observability/audit';
import type { Logger } from './observability/logger';
import type { Metrics } from './observability/metrics';
import type { Tracing } from './observability/tracing';
import { PasswordHasher } from './passwords/password-hasher';
import { PasswordPolicy } from './passwords/password-policy';
import { AccessTokens } from './tokens/access-token';
import { deriveKeys } from './tokens/keyring';
import { LinkTokens } from './tokens/link-token';
import { OneTimeCodes } from './tokens/one-time-codes';
import { RefreshTokens } from './tokens/refresh-token';
import { ResetTokens } from './tokens/reset-tokens';
import { SessionGrants } from './tokens/session-grants';
import { SessionRotation } from './tokens/session-rotation';
import { Sessions } from './tokens/sessions';
import { SigningKeys } from './tokens/signing-keys';

export interface Composition {
  readonly services: AppServices;
  readonly worker: OutboxWorker;
  readonly outageWatch: OutageWatch;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
}

/** Makes every capability from its settings and the backends: the only place that knows them all. */
export async function compose(
  config: Config,
  backends: Backends,
  { clock, logger, metrics, tracing }: Surroundings,
): Promise<Composition> {
  const signingKeys = new SigningKeys(config.signing);
  const accessTokens = new AccessTokens({
    keys: signingKeys,
    issuer: config.baseUrl,
    audience: config.jwtAudience,
    clock,
    ttlSeconds: config.accessTokenTtl,
    onLookup: (known) => metrics.sessions.countLookup(known),
  });
  const refreshTokens = new RefreshTokens({ keys: deriveKeys(config.secretKeys, 'refresh') });
  const grants = new SessionGrants({
    accessTokens,
    refreshTokens,
    clock,
    idleSeconds: config.refreshTokenTtl,
  });
  const sessionStores = { store: backends.sessionStore, records: backends.sessionRecords };
  const sessions = new Sessions({
    ...sessionStores,
    grants,
    clock,
    maxAgeSeconds: config.sessionMaxAge,
    events: {
      onFirstLogin: () => metrics.auth.countStage('first_login'),
      onRefill: (outcome) => metrics.sessions.countRefill(outcome),
    },
  });
  const codeKeys = deriveKeys(config.secretKeys, 'codes');
  const oneTimeCodes = new OneTimeCodes({ keys: codeKeys, store: backends.otpStore });
  const linkTokens = new LinkTokens({ keys: deriveKeys(config.secretKeys, 'links'), clock });
  const { outageWatch, ...limits } = await composeLimits(config, backends, { clock, logger, metrics });
  const { limiter } = limits;
  const worker = new OutboxWorker({
    store: backends.outboxStore,
    recipients: new AccountRecipients({ ...backends, clock }),
    composer: new MailComposer({
      codes: oneTimeCodes,
      links: linkTokens,
      templates: new MailTemplates({ baseUrl: config.baseUrl }),
      baseUrl: config.baseUrl,
    }),
    budget: new RecipientBudget(limiter),
    mailer: tracing?.ofMails(backends.mailer) ?? backends.mailer,
    clock,
    log: logger,
    events: {
      onSent: (kind) => metrics.mail.count(kind, 'sent'),
      onFailed: (kind) => metrics.mail.count(kind, 'failed'),
      onGivenUp: (kind, count) => metrics.mail.count(kind, 'given_up', count),
    },
  });
  const passwordHasher = await PasswordHasher.create({
    cost: config.bcryptCost,
    peppers: config.passwordPeppers,
    // Workers share the machine's cores.
    concurrency: Math.ceil(availableParallelism() / config.workers),
    events: tracing?.ofHashing(metrics.hashing.events) ?? metrics.hashing.events,
  });
  metrics.follow({
    countLive: () => backends.sessionStore.countLive(),
    outboxBacklog: () => backends.outboxStore.backlog(),
    oldestUnsealedAgeMs: () => backends.auditBacklog.oldestUnsealedAgeMs(),
    hashing: () => passwordHasher.stats(),
    postgresPools: backends.postgresPools,
  });
  const services: AppServices = {
    accounts: backends.accounts,
    credentials: backends.credentials,
    standings: backends.standings,
    userDirectory: backends.userDirectory,
    personalData: backends.personalData,
    emailChanges: backends.emailChanges,
    sessions,
    rotation: new SessionRotation({
      ...sessionStores,
      sessions,
      refreshTokens,
      grants,
      clock,
      events: { onReuse: () => metrics.auth.countReuse() },
    }),
    accessTokens,
    signingKeys,
    oneTimeCodes,
    resetTokens: new ResetTokens({
      keys: codeKeys,
      store: backends.resetTokenStore,
      links: linkTokens,
      clock,
    }),
    linkTokens,
    passwordHasher,
    passwordPolicy: new PasswordPolicy({ minLength: config.passwordMinLength, productName: 'Tollgate' }),
    ...limits,
    allowlist: new Allowlist({ store: backends.allowlistStore, clock }),
    outbox: worker,
    metrics,
    auditReader: backends.auditReader,
    auditExports: backends.auditExports,
    audit: new Audit({ store: backends.auditStore, clock, logger }),
    clock,
    health: new Health(backends.healthChecks),
  };
  return { services, worker, outageWatch };
}
