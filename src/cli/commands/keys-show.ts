import { z } from 'zod';
import { AuditSeal } from '../../stores/audit/audit-seal';
import type { KeyUse } from '../../stores/key-use/key-use-store';
import { deriveKeys } from '../../tokens/keyring';
import { command } from '../command';
import { table } from '../terminal-text';

/** A key by its id, never by anything of itself. */
interface ShownKey {
  readonly id: string;
  /** The first of a list makes; `unlisted` is named by rows alone. */
  readonly use: 'makes' | 'verifies only' | 'unlisted';
  /** Rows that name it; null where none could. */
  readonly rows: number | null;
}

export const keysShow = command({
  name: 'keys show',
  usage: '',
  summary: 'Shows the ids of the keys and what still depends on each',
  positionals: [],
  options: {},
  input: z.strictObject({}),
  async run({ open, by }) {
    const { config, services, backends } = await open();
    await services.audit.record(by, { type: 'sensitive_read', subjectId: null, details: { what: 'keys' } });
    const seal = new AuditSeal(deriveKeys(config.secretKeys, 'audit'));
    const signing = listed(services.signingKeys.kids);
    const secretKeys = listed(seal.keyIds, await backends.keyUseStore.countByAuditKey());
    const peppers = listed(services.passwordHasher.pepperIds, await backends.keyUseStore.countByPepper());
    const { alg } = services.signingKeys;
    const setting = alg === 'HS256' ? 'JWT_SECRET' : 'JWT_PRIVATE_KEYS';
    return {
      lines: [
        `${setting} (${alg}): an old one may go ${config.accessTokenTtl} seconds after it signed last`,
        ...rowsOf(signing, ''),
        `SECRET_KEYS: an old one may go ${config.sessionMaxAge} seconds after it made last; rows that name it can then be verified no more`,
        ...rowsOf(secretKeys, 'rows of the audit trail'),
        'PASSWORD_PEPPER: an old one may go once no account names it; whoever logs in moves to the first',
        ...rowsOf(peppers, 'accounts'),
      ],
      data: { signing: { alg, keys: signing }, secretKeys, peppers },
    };
  },
});

function listed(ids: readonly string[], use?: KeyUse): ShownKey[] {
  const rows = (id: string) => (use === undefined ? null : (use.get(id) ?? 0));
  const unlisted = [...(use?.keys() ?? [])].filter((id) => !ids.includes(id));
  return [
    ...ids.map((id, index) => ({
      id,
      use: index === 0 ? ('makes' as const) : ('verifies only' as const),
      rows: rows(id),
    })),
    ...unlisted.map((id) => ({ id, use: 'unlisted' as const, rows: rows(id) })),
  ];
}

function rowsOf(keys: readonly ShownKey[], counted: string): string[] {
  return table(keys.map(({ id, use, rows }) => ['', id, use, rows === null ? '' : `${rows} ${counted}`]));
}
