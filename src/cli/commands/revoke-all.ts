import { z } from 'zod';
import type { Origin } from '../../stores/audit/audit-store';
import { accountData, accountName, findAccount, nameOf } from '../account-name';
import { type CommandCall, command, type Report, UsageError } from '../command';
import type { OpenedService } from '../open-service';

/** Users read at a time, and how many of them are logged out at the same time. */
const BATCH = 500;
const AT_ONCE = 8;

export const revokeAll = command({
  name: 'revoke-all',
  usage: '<account> | --everybody --yes',
  summary: 'Ends every session of an account, or of all accounts',
  positionals: ['account'],
  options: { everybody: 'boolean', yes: 'boolean' },
  input: z.strictObject({
    account: accountName.optional(),
    everybody: z.boolean().default(false),
    yes: z.boolean().default(false),
  }),
  async run({ input, open, by, progress }) {
    const { account: name, everybody, yes } = input;
    if ((name === undefined) !== everybody) {
      throw new UsageError('name an account, or all of them by --everybody');
    }
    if (everybody && !yes) throw new UsageError('logs everybody out: say so by --yes');
    const service = await open();
    if (name === undefined) return revokeEverybody(service, by, progress);
    const account = await findAccount(service.services.accounts, name);
    await service.services.sessions.endAll(account.id, by);
    return {
      lines: [`Every session of ${nameOf(account)} has ended`],
      data: { account: accountData(account) },
    };
  },
});

/** Those whose sessions were there when it began; each is told to the audit trail, and before and after them the whole. */
async function revokeEverybody(
  { services, backends }: OpenedService,
  by: Origin,
  progress: CommandCall<unknown>['progress'],
): Promise<Report> {
  const act = { type: 'authn_token_revoked', subjectId: null, details: { what: 'everybody' } } as const;
  await services.audit.record(by, { ...act, outcome: 'attempted' });
  let users = 0;
  for (let last: string | undefined; ; ) {
    const batch = await backends.sessionRecords.listUsers(last, BATCH);
    for (let from = 0; from < batch.length; from += AT_ONCE) {
      const some = batch.slice(from, from + AT_ONCE);
      await Promise.all(some.map((userId) => services.sessions.endAll(userId, by)));
    }
    users += batch.length;
    last = batch.at(-1);
    if (batch.length < BATCH) break;
    progress(`${users} accounts so far`);
  }
  await services.audit.record(by, { ...act, details: { ...act.details, users } });
  return { lines: [`Every session of ${users} accounts has ended`], data: { users } };
}
