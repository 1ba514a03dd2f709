import { parseArgs } from 'node:util';
import type { output, ZodObject } from 'zod';
import { type Command, UsageError } from './command';

export interface ParsedCommand {
  /** Undefined where only help was asked for. */
  readonly command: Command | undefined;
  readonly input: output<ZodObject>;
  readonly help: boolean;
  readonly json: boolean;
  /** Where the embedded database lies; undefined where there is none. */
  readonly dataDir: string | undefined;
}

/**
 * Reads the command line; `--data-dir` is understood where it has a default. Throws `UsageError`, which never shows the
 * value of an argument.
 */
export function parseCommand(
  commands: readonly Command[],
  args: readonly string[],
  defaultDataDir?: string,
): ParsedCommand {
  const command = findCommand(commands, args);
  const words = command?.name.split(' ').length ?? 0;
  const { values, positionals } = parseTokens(command, args.slice(words));
  const { help = false, json = false, 'data-dir': dataDir, ...options } = values;
  const common = { help: help === true, json: json === true, dataDir: directory(dataDir, defaultDataDir) };
  if (help === true) return { command, input: {}, ...common };
  if (command === undefined) throw new UsageError(unknownCommand(commands, args));
  const named = namePositionals(command, positionals);
  const parsed = command.input.safeParse({ ...named, ...options });
  if (parsed.success) return { command, input: parsed.data, ...common };
  throw new UsageError(parsed.error.issues.map((issue) => faultOf(command, issue)).join('\n'));
}

function findCommand(commands: readonly Command[], args: readonly string[]): Command | undefined {
  return commands.find(({ name }) => name.split(' ').every((word, index) => args[index] === word));
}

function parseTokens(command: Command | undefined, args: readonly string[]) {
  const own = Object.entries(command?.options ?? {}).map(([name, type]) => [name, { type }] as const);
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(own),
        json: { type: 'boolean' },
        help: { type: 'boolean' },
        'data-dir': { type: 'string' },
      },
    });
  } catch (error) {
    if (command === undefined) throw new UsageError('the command comes first');
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function directory(given: unknown, fallback: string | undefined): string | undefined {
  if (typeof given !== 'string') return fallback;
  if (fallback !== undefined) return given;
  throw new UsageError('--data-dir is for development: production has no embedded database');
}

function namePositionals(command: Command, given: readonly string[]): Record<string, string> {
  if (given.length > command.positionals.length) throw new UsageError('there is an argument too many');
  return Object.fromEntries(
    given.map((value, index) => [String(command.positionals[index]), value] as const),
  );
}

function faultOf(
  { positionals }: Command,
  issue: { readonly code: string; readonly message: string; readonly path: readonly PropertyKey[] },
): string {
  const name = String(issue.path[0] ?? '');
  const missing = issue.message.endsWith('received undefined');
  const message = missing ? 'is needed' : issue.message;
  if (name === '') return message;
  return `${positionals.includes(name) ? `<${name}>` : `--${name}`} ${message}`;
}

function unknownCommand(commands: readonly Command[], [first]: readonly string[]): string {
  if (first === undefined) return 'a command is needed';
  if (first.startsWith('-')) return 'the command comes first';
  const topic = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (topic.length === 0) return 'there is no such command';
  return `${first} takes one of: ${topic.map(({ name }) => name.slice(first.length + 1)).join(', ')}`;
}
