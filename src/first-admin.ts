import { CannotStart } from './cannot-start';
import { email } from './http/schemas';
import type { PasswordHasher } from './passwords/password-hasher';
import type { PasswordPolicy } from './passwords/password-policy';
import type { AccountStore } from './stores/account/account-store';
import type { Origin } from './stores/audit/audit-store';

export interface FirstAdminServices {
  readonly accounts: AccountStore;
  readonly passwordHasher: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
}

const AT_START: Origin = { actorId: null, address: 'local', requestId: 'start' };

/**
 * Makes the first admin, verified, if there is none; true if it did. Throws `CannotStart` for an e-mail that is
 * none or belongs to a user who is not an admin, and for a password that the policy refuses.
 */
export async function ensureFirstAdmin(
  { accounts, passwordHasher, passwordPolicy }: FirstAdminServices,
  admin: { readonly email: string; readonly password: string },
): Promise<boolean> {
  if (await accounts.hasAdmin()) return false;
  const address = email.safeParse(admin.email);
  if (!address.success) throw new CannotStart('ADMIN_EMAIL is not an e-mail address');
  const reason = passwordPolicy.check(admin.password, { email: address.data });
  if (reason !== undefined) throw new CannotStart(`ADMIN_PASSWORD cannot be used: it ${reason}`);
  const passwordHash = await passwordHasher.hash(admin.password);
  const made = { email: address.data, username: 'admin', passwordHash };
  const outcome = await accounts.createFirstAdmin(made, AT_START);
  if (outcome === 'email_taken') throw new CannotStart('ADMIN_EMAIL belongs to a user who is not an admin');
  return outcome === 'created';
}
