import { z } from 'zod';
import { adminUserBody } from '../../admin/users.representation';
import { type DirectoryPlace, decodeCursor } from '../../stores/user-directory/directory-cursor';
import type {
  DirectoryFilter,
  DirectoryUser,
  UserDirectory,
} from '../../stores/user-directory/user-directory';
import { command, UsageError } from '../command';
import { table } from '../terminal-text';

const PAGE = 100;
const LIMIT = 'must be 1 to 10000';
const HEAD = ['E-MAIL', 'ID', 'ROLE', 'STATUS', 'LAST LOGIN', 'NAME'];

export const list = command({
  name: 'list',
  usage: '[--admins | --all] [--limit <number>]',
  summary: 'Lists the admins, or all users; the newest first, 50 unless said',
  positionals: [],
  options: { admins: 'boolean', all: 'boolean', limit: 'string' },
  input: z.strictObject({
    admins: z.boolean().default(false),
    all: z.boolean().default(false),
    limit: z
      .string()
      .regex(/^\d{1,5}$/, LIMIT)
      .transform(Number)
      .pipe(z.int().min(1, LIMIT).max(10_000, LIMIT))
      .default(50),
  }),
  async run({ input: { admins, all, limit }, open, by }) {
    if (admins && all) throw new UsageError('--admins or --all, not both');
    const { services } = await open();
    // One more, to see whether there is one.
    const found = await firstUsers(services.userDirectory, all ? {} : { role: 'ADMIN' }, limit + 1);
    const users = found.slice(0, limit);
    const details = { what: all ? 'users' : 'admins', users: users.length };
    await services.audit.record(by, { type: 'sensitive_read', subjectId: null, details });
    const more = found.length > limit;
    return {
      lines: [...table([HEAD, ...users.map(rowOf)]), ...(more ? ['There are more: raise --limit.'] : [])],
      data: { users: users.map(adminUserBody), more },
    };
  },
});

async function firstUsers(
  directory: Pick<UserDirectory, 'list'>,
  filter: DirectoryFilter,
  count: number,
): Promise<readonly DirectoryUser[]> {
  const users: DirectoryUser[] = [];
  let after: DirectoryPlace | undefined;
  do {
    const page = await directory.list({ ...filter, limit: Math.min(PAGE, count - users.length), after });
    users.push(...page.users);
    after = page.nextCursor === null ? undefined : decodeCursor(page.nextCursor, filter);
  } while (after !== undefined && users.length < count);
  return users;
}

function rowOf(user: DirectoryUser): string[] {
  const { email, id, role, status, disabledUntil, lastLoginAt, username } = adminUserBody(user);
  return [
    email,
    id,
    role,
    disabledUntil === null ? status : `${status} until ${disabledUntil}`,
    lastLoginAt ?? 'never',
    username,
  ];
}
