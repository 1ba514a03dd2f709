import { z } from 'zod';
import { standingChange } from '../../admin/users.schemas';
import type { StandingChange } from '../../stores/account/standing-store';
import { accountData, accountName, findAccount, nameOf } from '../account-name';
import { type CommandCall, command, Refused, type Report, UsageError } from '../command';

const one = { positionals: ['account'], options: {}, input: z.strictObject({ account: accountName }) };

export const promote = command({
  ...one,
  name: 'promote',
  usage: '<account>',
  summary: 'Makes a user an admin',
  run: (call) => change(call, { role: 'ADMIN' }, 'is an admin'),
});

export const demote = command({
  ...one,
  name: 'demote',
  usage: '<account>',
  summary: 'Makes an admin a user; the last active admin stays',
  run: (call) => change(call, { role: 'USER' }, 'is no admin'),
});

const { disabledUntil: until, disabledReason: reason } = standingChange.shape;

export const disable = command({
  name: 'disable',
  usage: '<account> [--until <time>] [--reason <text>]',
  summary:
    'Lets an account log in no more, or not before a time (2030-01-31T12:00:00Z), and ends its sessions',
  positionals: ['account'],
  options: { until: 'string', reason: 'string' },
  input: z.strictObject({ account: accountName, until, reason }),
  async run(call) {
    const { until: end = null, reason: disabledReason } = call.input;
    const { services } = await call.open();
    if (end !== null && end <= services.clock.now()) throw new UsageError('--until must be in the future');
    const until = end === null ? '' : ` until ${new Date(end).toISOString()}`;
    return change(call, { disabled: true, disabledUntil: end, disabledReason }, `is disabled${until}`);
  },
});

export const enable = command({
  ...one,
  name: 'enable',
  usage: '<account>',
  summary: 'Lets a disabled account log in again',
  run: (call) => change(call, { disabled: false }, 'is enabled'),
});

/** In force from the next request on, on every instance. Doing it twice changes nothing more. */
async function change(
  { input, open, by }: CommandCall<{ readonly account: z.output<typeof accountName> }>,
  wanted: StandingChange,
  done: string,
): Promise<Report> {
  const { services } = await open();
  const { id } = await findAccount(services.accounts, input.account);
  const changed = await services.sessions.changingStanding(id, () =>
    services.standings.change(id, wanted, by),
  );
  switch (changed.outcome) {
    case 'changed': {
      const ended = changed.endedSessions?.length;
      const sessions = ended === undefined ? '' : `; sessions ended: ${ended}`;
      return {
        lines: [`${nameOf(changed.account)} ${done}${sessions}`],
        data: { account: accountData(changed.account), endedSessions: ended ?? 0 },
      };
    }
    case 'last_admin':
      throw new Refused('last_admin', 'This is the last active admin. Make another first.', id);
    case 'pending':
      throw new Refused('pending', 'Nobody has proved this e-mail yet: it can be given no role.', id);
    case 'unknown':
    case 'not_disabled':
      throw new Refused('not_found', 'There is no such account any more.');
  }
}
