import { z } from 'zod';
import { email, username } from '../../http/schemas';
import { nameOf } from '../account-name';
import { command, Refused } from '../command';
import { handOverResetToken } from '../hand-over';

export const create = command({
  name: 'create',
  usage: '--email <address> [--username <name>] [--role USER|ADMIN]',
  summary: 'Makes a verified account, and a reset token with which its owner sets the password',
  positionals: [],
  options: { email: 'string', username: 'string', role: 'string' },
  input: z.strictObject({
    email,
    username: username.optional(),
    role: z.enum(['USER', 'ADMIN'], 'must be USER or ADMIN').default('USER'),
  }),
  async run({ input, open, by }) {
    const service = await open();
    const { email: address, role, username: name = role.toLowerCase() } = input;
    const made = await service.services.accounts.createVerified({ email: address, username: name, role }, by);
    if (made === undefined)
      throw new Refused(
        'email_taken',
        'This e-mail is an account’s already, or kept for one that gave it up.',
      );
    const { lines, data } = await handOverResetToken(service, made, by);
    return { lines: [`Made ${nameOf(made)}, ${role}, without a password`, ...lines], data };
  },
});
