import type { Audit } from '../observability/audit';
import type { PasswordHasher } from '../passwords/password-hasher';
import type { Account, AccountStore } from '../stores/account/account-store';
import type { Call } from './endpoint';
import { Problem } from './problem';

export interface PasswordServices {
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly passwordHasher: PasswordHasher;
  readonly audit: Audit;
}

type Asked = Pick<
  Call<undefined, undefined, undefined, 'account:write'>,
  'principal' | 'origin' | 'guessFailed'
>;

/**
 * A signed-in user gives the password again. Throws `Problem` `wrong_password`, and tells of it; `invalid_token` where the
 * account is gone.
 */
export async function assertPassword(
  { accounts, passwordHasher, audit }: PasswordServices,
  { principal, origin, guessFailed }: Asked,
  password: string,
): Promise<Account> {
  const { id: userId } = principal.user;
  const account = await accounts.find(userId);
  const matches = await passwordHasher.verify(password, account?.passwordHash ?? null);
  if (account === undefined) throw new Problem('invalid_token');
  if (matches) return account;
  guessFailed();
  await audit.loginFailed(origin, userId, { method: 'reauthentication', reason: 'invalid_credentials' });
  throw new Problem('wrong_password');
}
