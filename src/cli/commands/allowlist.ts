import { z } from 'zod';
import { allowlistAddition, allowlistParams } from '../../admin/allowlist.schemas';
import { LOCAL } from '../../limits/allowlist';
import { type AllowlistEntry, MAX_ALLOWLIST_ENTRIES } from '../../stores/allowlist/allowlist-store';
import { command, Refused } from '../command';
import { table } from '../terminal-text';

const IN_FORCE = 'In force on every running instance within 2 seconds.';
const TTL = 'must be a whole number of seconds';
const { cidr, note, ttl } = allowlistAddition.shape;

export const allowlistShow = command({
  name: 'allowlist show',
  usage: '',
  summary: 'Shows the addresses that the admin surface lets in',
  positionals: [],
  options: {},
  input: z.strictObject({}),
  async run({ open, by }) {
    const { services } = await open();
    await services.audit.record(by, {
      type: 'sensitive_read',
      subjectId: null,
      details: { what: 'allow-list' },
    });
    const entries = await services.allowlist.list();
    const now = services.clock.now();
    return {
      lines:
        entries.length === 0
          ? ['The list is off: every address is let in.']
          : table(entries.map((entry) => rowOf(entry, now))),
      data: { active: entries.length > 0, entries: entries.map(entryData) },
    };
  },
});

export const allowlistAdd = command({
  name: 'allowlist add',
  usage: '<cidr> [--ttl <seconds>] [--note <text>]',
  summary: 'Lets in an address or a network, and from the first on nobody else',
  positionals: ['cidr'],
  options: { ttl: 'string', note: 'string' },
  input: z.strictObject({
    cidr,
    note,
    ttl: z.string().regex(/^\d+$/, TTL).transform(Number).pipe(ttl.unwrap()).optional(),
  }),
  async run({ input, open, by }) {
    const { services } = await open();
    const { cidr: network, note: given = null, ttl: seconds } = input;
    const added = await services.allowlist.add({ network, note: given, ttl: seconds }, LOCAL, by);
    if (added.outcome !== 'added') {
      throw new Refused(
        'full',
        `There are ${MAX_ALLOWLIST_ENTRIES} entries already, and there may be no more.`,
      );
    }
    const lasting = (await services.allowlist.list()).some(({ expiresAt }) => expiresAt === null);
    return {
      lines: [
        ...table([rowOf(added.entry, services.clock.now())]),
        IN_FORCE,
        ...(lasting ? [] : ['No entry lasts: when all are over nobody is let in until the list is cleared.']),
      ],
      data: entryData(added.entry),
    };
  },
});

export const allowlistRemove = command({
  name: 'allowlist remove',
  usage: '<id>',
  summary: 'Removes an entry; not the last one, which would let everybody in',
  positionals: ['id'],
  options: {},
  input: allowlistParams.strict(),
  async run({ input, open, by }) {
    const { services } = await open();
    const outcome = await services.allowlist.remove(input.id, LOCAL, by);
    if (outcome === 'unknown') throw new Refused('not_found', 'There is no such entry.');
    if (outcome === 'refused') {
      throw new Refused(
        'would_open',
        'This is the last entry: without it every address is let in, which allowlist clear does.',
      );
    }
    return { lines: [`Removed ${input.id}`, IN_FORCE], data: { id: input.id } };
  },
});

export const allowlistClear = command({
  name: 'allowlist clear',
  usage: '',
  summary: 'Empties the list: the admin surface lets in every address again',
  positionals: [],
  options: {},
  input: z.strictObject({}),
  async run({ open, by }) {
    const { services } = await open();
    await services.allowlist.open(by);
    return { lines: ['The list is off: every address is let in.', IN_FORCE], data: { active: false } };
  },
});

function entryData({ id, cidr: network, note: text, expiresAt }: AllowlistEntry) {
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  return { id, cidr: network, note: text, expiresAt: until };
}

function rowOf(entry: AllowlistEntry, now: number): string[] {
  const { id, cidr: network, note: text, expiresAt } = entryData(entry);
  const ended = entry.expiresAt !== null && entry.expiresAt <= now ? ' (over)' : '';
  return [id, network, expiresAt === null ? 'lasting' : `until ${expiresAt}${ended}`, text ?? ''];
}
