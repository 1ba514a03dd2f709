import { z } from 'zod';
import { userBody } from '../http/representations';
import { email, id } from '../http/schemas';
import type { Account, AccountStore } from '../stores/account/account-store';
import { Refused } from './command';

/** How an account is named: by its e-mail in any case of letters, or by its id. Neither is a pattern. */
export const accountName = z.union(
  [
    id.transform((value) => ({ by: 'id' as const, value })),
    email.transform((value) => ({ by: 'email' as const, value })),
  ],
  { error: ({ input }) => (input === undefined ? 'is needed' : 'must be an e-mail address or an id') },
);

/** Throws `Refused` where there is none. */
export async function findAccount(
  accounts: Pick<AccountStore, 'find' | 'findByEmail'>,
  { by, value }: z.output<typeof accountName>,
): Promise<Account> {
  const account = by === 'id' ? await accounts.find(value) : await accounts.findByEmail(value);
  if (account === undefined) throw new Refused('not_found', 'There is no such account.');
  return account;
}

/** An account for people. */
export function nameOf({ email: address, id: userId }: Account): string {
  return `${address} (${userId})`;
}

/** An account for machines. */
export function accountData(account: Account) {
  return { ...userBody(account), disabled: account.disabled };
}
