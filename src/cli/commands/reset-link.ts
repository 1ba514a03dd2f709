import { z } from 'zod';
import { accountName, findAccount, nameOf } from '../account-name';
import { command, Refused } from '../command';
import { handOverResetToken } from '../hand-over';

export const resetLink = command({
  name: 'reset-link',
  usage: '<account>',
  summary: 'Makes a token that sets a new password, for the operator to hand to the owner',
  positionals: ['account'],
  options: {},
  input: z.strictObject({ account: accountName }),
  async run({ input, open, by }) {
    const service = await open();
    const account = await findAccount(service.services.accounts, input.account);
    if (!account.emailVerified) {
      const message = 'Nobody has proved this e-mail yet: create makes an account of it.';
      throw new Refused('pending', message, account.id);
    }
    const { lines, data } = await handOverResetToken(service, account, by);
    return { lines: [nameOf(account), ...lines], data };
  },
});
