import { randomBytes } from 'node:crypto';
import type { Origin } from '../stores/audit/audit-store';
import { type Command, Refused, type Report, UsageError } from './command';
import { COMMANDS } from './commands/all';
import { explainFailure } from './explain-failure';
import type { OpenedService } from './open-service';
import { type ParsedCommand, parseCommand } from './parse-command';
import { harmless, harmlessJson } from './terminal-text';
import { usageFor, usageOf } from './usage';

/** Exit codes. */
const DONE = 0;
const FAILED = 1;
const MISUSED = 2;

export interface CliCall {
  readonly args: readonly string[];
  /** The default of `--data-dir`, where there is an embedded database. */
  readonly dataDir?: string;
  open(options: { readonly dataDir: string | undefined }): Promise<OpenedService>;
  print(text: string): void;
  printError(text: string): void;
}

/** Reads the command line, does what it says, prints, and returns the exit code. Never throws. */
export async function runCli(call: CliCall): Promise<number> {
  let parsed: ParsedCommand;
  try {
    parsed = parseCommand(COMMANDS, call.args, call.dataDir);
  } catch (error) {
    return misused(call, error);
  }
  const { command } = parsed;
  if (parsed.help || command === undefined) {
    call.print(usageOf(COMMANDS, command));
    return DONE;
  }
  try {
    const { lines, data } = await perform(call, parsed, command);
    call.print(parsed.json ? `${harmlessJson(data)}\n` : textOf(lines));
    return DONE;
  } catch (error) {
    if (error instanceof UsageError) return misused(call, error);
    const failure = explainFailure(error, call.printError);
    if (parsed.json) call.print(`${harmlessJson({ error: failure })}\n`);
    else call.printError(textOf(failure.message.split('\n')));
    return FAILED;
  }
}

/** Opens what the command asks for, and closes it; a refusal is told to the audit trail too. */
async function perform(call: CliCall, { input, dataDir }: ParsedCommand, command: Command): Promise<Report> {
  const requestId = `cli-${randomBytes(8).toString('hex')}`;
  const by: Origin = { actorId: null, address: 'local', requestId };
  let opened: OpenedService | undefined;
  const open = async () => {
    opened ??= await call.open({ dataDir });
    return opened;
  };
  try {
    return await command.run({
      input,
      open,
      by,
      progress: (line) => call.printError(textOf([line])),
    });
  } catch (error) {
    if (error instanceof Refused) {
      const { subjectId, code } = error;
      const details = { what: command.name, code };
      await opened?.services.audit.record(by, {
        type: 'authz_admin',
        outcome: 'failure',
        subjectId,
        details,
      });
    }
    throw error;
  } finally {
    await opened?.close();
  }
}

function misused({ args, printError }: CliCall, error: unknown): number {
  if (!(error instanceof UsageError)) throw error;
  printError(`${textOf(error.message.split('\n'))}${usageFor(COMMANDS, args)}`);
  return MISUSED;
}

/** The one way by which text gets to a terminal. */
function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${harmless(line)}\n`).join('');
}
