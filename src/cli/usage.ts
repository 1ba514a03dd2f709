import type { Command } from './command';

const CALL = 'npm run admin --';

/** How a command, or all of them, are called. */
export function usageOf(commands: readonly Command[], command: Command | undefined): string {
  if (command !== undefined) return `usage: ${CALL} ${line(command)} [--json]\n  ${command.summary}\n`;
  return [
    `usage: ${CALL} <command> [--json] [--help]`,
    '',
    ...commands.flatMap((each) => [`  ${line(each)}`, `      ${each.summary}`]),
    '',
    'An account is named by its e-mail or its id. Ends with 0 when it is done, with 1 when it is refused or fails, with 2',
    'when the command line cannot be understood.',
    '',
  ].join('\n');
}

/** The usage that somebody who gave these arguments looks for: of the command, of its topic, or all. */
export function usageFor(commands: readonly Command[], [first, second]: readonly string[]): string {
  const named = commands.find(({ name }) => name === first || name === `${first} ${second}`);
  const topic = commands.filter(({ name }) => name.startsWith(`${first} `));
  return usageOf(topic.length > 0 ? topic : commands, named);
}

function line({ name, usage }: Command): string {
  return usage === '' ? name : `${name} ${usage}`;
}
