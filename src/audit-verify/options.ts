import { parseArgs } from 'node:util';
import { type Mark, parseCheckpoint } from '../stores/audit/audit-chain';

/** The command line cannot be understood; the message says why, and `USAGE` how it is meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage: npm run audit:verify -- [--checkpoint <word>] [--after <seq>]
  --checkpoint <word>   holds the chain against a checkpoint from the logs (auditCheckpoint): shows also what was
                        removed at its end
  --after <seq>         takes the chain up to this place for granted, and looks at what comes after
Needs DATABASE_URL and SECRET_KEYS; list keys that are not in use any more behind the others, to check what they made.
Ends with 0 if all is as it was written, with 1 if not: the first event that was changed, removed or slipped in is
named; with 2 if something could not be checked, or this could not be run.
`;

export interface Options {
  readonly checkpoint: Mark | undefined;
  readonly after: bigint | undefined;
  readonly help: boolean;
  /** Where the embedded database lies; undefined where there is none. */
  readonly dataDir: string | undefined;
}

/** Reads the command line; `--data-dir` is understood where it has a default. Throws `UsageError`. */
export function parseOptions(args: readonly string[], dataDir?: string): Options {
  const { checkpoint, after, help, 'data-dir': chosen } = readArgs(args);
  if (chosen !== undefined && dataDir === undefined) {
    throw new UsageError('--data-dir is for development: production has no embedded database');
  }
  const mark = checkpoint === undefined ? undefined : parseCheckpoint(checkpoint);
  if (checkpoint !== undefined && mark === undefined) {
    throw new UsageError('--checkpoint takes the word that the service has logged as auditCheckpoint');
  }
  if (after !== undefined && !/^\d{1,18}$/.test(after)) {
    throw new UsageError('--after takes the place of an event in the chain, a whole number');
  }
  return {
    checkpoint: mark,
    after: after === undefined ? undefined : BigInt(after),
    help,
    dataDir: chosen ?? dataDir,
  };
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        checkpoint: { type: 'string' },
        after: { type: 'string' },
        help: { type: 'boolean', default: false },
        'data-dir': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
