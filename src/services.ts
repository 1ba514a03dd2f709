import type { Clock } from './clock';
import type { Allowlist } from './limits/allowlist';
import type { Limiter } from './limits/limiter';
import type { PoliciesInForce } from './limits/policies-in-force';
import type { OutboxWorker } from './mail/outbox-worker';
import type { Audit } from './observability/audit';
import type { Metrics } from './observability/metrics';
import type { PasswordHasher } from './passwords/password-hasher';
import type { PasswordPolicy } from './passwords/password-policy';
import type { AccountStore } from './stores/account/account-store';
import type { CredentialStore } from './stores/account/credential-store';
import type { StandingStore } from './stores/account/standing-store';
import type { EmailChangeStore } from './stores/email-change/email-change-store';
import type { UserDirectory } from './stores/user-directory/user-directory';
import type { AccessTokens } from './tokens/access-token';
import type { LinkTokens } from './tokens/link-token';
import type { OneTimeCodes } from './tokens/one-time-codes';
import type { ResetTokens } from './tokens/reset-tokens';
import type { SessionRotation } from './tokens/session-rotation';
import type { Sessions } from './tokens/sessions';
import type { SigningKeys } from './tokens/signing-keys';

/** The capabilities of one app, made once from its configuration and backends; a controller names those it uses. */
export interface Services {
  readonly accounts: AccountStore;
  readonly credentials: CredentialStore;
  readonly standings: StandingStore;
  readonly userDirectory: UserDirectory;
  readonly emailChanges: EmailChangeStore;
  readonly sessions: Sessions;
  readonly rotation: SessionRotation;
  readonly accessTokens: AccessTokens;
  readonly signingKeys: SigningKeys;
  readonly oneTimeCodes: OneTimeCodes;
  readonly resetTokens: ResetTokens;
  readonly linkTokens: LinkTokens;
  readonly passwordHasher: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly limiter: Limiter;
  readonly policiesInForce: PoliciesInForce;
  readonly allowlist: Allowlist;
  readonly outbox: Pick<OutboxWorker, 'wake'>;
  readonly metrics: Metrics;
  readonly audit: Audit;
  readonly clock: Clock;
}
