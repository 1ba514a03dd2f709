import { parseArgs } from 'node:util';

/** The command line cannot be understood; the message says why, and `USAGE` how it is meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage: npm run doctor -- [--url <origin>] [--production] [--json]
  --url <origin>   the running instance to look at; by default BASE_URL, if it answers
  --production     judge a development configuration as if it were for production
  --json           for machines
  --list           print which requirements are checked (the text of docs/asvs.md), and check nothing
Ends with 0, with 1 if a must failed, with 2 if the settings or this command line cannot be used.
`;

export interface Options {
  /** An origin. */
  readonly url: string | undefined;
  readonly production: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
  /** Where the embedded database lies; undefined where there is none. */
  readonly dataDir: string | undefined;
}

/** Reads the command line; `--data-dir` is understood where it has a default. Throws `UsageError`. */
export function parseOptions(args: readonly string[], dataDir?: string): Options {
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        url: { type: 'string' },
        production: flag,
        json: flag,
        list: flag,
        help: flag,
        'data-dir': { type: 'string' },
      },
    });
    const { url, production, json, list, help, 'data-dir': chosen } = values;
    if (chosen !== undefined && dataDir === undefined) {
      throw new UsageError('--data-dir is for development: production has no embedded database');
    }
    return {
      url: url === undefined ? undefined : originOf(url),
      production,
      json,
      list,
      help,
      dataDir: chosen ?? dataDir,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare =
    url !== undefined &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.pathname === '/';
  if (!bare || !/^https?:$/.test(url.protocol)) {
    throw new UsageError('--url takes an http or https origin, such as https://api.example.com');
  }
  return url.origin;
}
