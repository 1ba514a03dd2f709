import type { Audit } from '../observability/audit';
import type { PasswordHasher } from '../passwords/password-hasher';
import type { Account, AccountStore } from '../stores/account/account-store';
import type { Origin } from '../stores/audit/audit-store';
import { Problem } from './problem';

export interface PasswordServices {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly passwordHasher: PasswordHasher;
  readonly audit: Audit;
}

/**
 * A signed-in user gives the password again. Throws `Problem` `wrong_password`, and tells of it; `invalid_token` where the
 * account is gone.
 */
export async function assertPassword(
  { accounts, passwordHasher, audit }: PasswordServices,
  userId: string,
  password: string,
  origin: Origin,
): Promise<Account> {
  const account = await accounts.find(userId);
  const matches = await passwordHasher.verify(password, account?.passwordHash ?? null);
  if (account === undefined) throw new Problem('invalid_token');
  if (matches) return account;
  await audit.loginFailed(origin, userId, { method: 'reauthentication', reason: 'invalid_credentials' });
  throw new Problem('wrong_password');
}
