import type { Command } from '../command';
import { allowlistAdd, allowlistClear, allowlistRemove, allowlistShow } from './allowlist';
import { create } from './create';
import { keysNew } from './keys-new';
import { keysShow } from './keys-show';
import { list } from './list';
import { resetLink } from './reset-link';
import { revokeAll } from './revoke-all';
import { demote, disable, enable, promote } from './standing';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  create,
  list,
  promote,
  demote,
  disable,
  enable,
  resetLink,
  revokeAll,
  allowlistShow,
  allowlistAdd,
  allowlistRemove,
  allowlistClear,
  keysShow,
  keysNew,
];
