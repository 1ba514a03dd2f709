import type { output, ZodObject } from 'zod';
import type { Origin } from '../stores/audit/audit-store';
import type { OpenedService } from './open-service';

/** What a command has to say, for people and for machines. Whoever prints it makes it harmless for a terminal. */
export interface Report {
  readonly lines: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
}

export interface CommandCall<I> {
  readonly input: I;
  /** The service's parts, opened at the first call. Throws `CannotStart`. */
  open(): Promise<OpenedService>;
  /** The command line, for the audit trail. */
  readonly by: Origin;
  /** Tells how far it has got. */
  progress(line: string): void;
}

export interface Command<S extends ZodObject = ZodObject> {
  /** One word, or two. */
  readonly name: string;
  /** What comes after the name. */
  readonly usage: string;
  readonly summary: string;
  /** Names of the arguments without dashes, in their order. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, 'string' | 'boolean'>>;
  /** Positionals and options, by name. */
  readonly input: S;
  /** Throws `Refused`, `UsageError` and `DependencyUnavailable`. */
  run(call: CommandCall<output<S>>): Promise<Report>;
}

/** Declares a command, checking what it does against what it is given. */
export function command<S extends ZodObject>(definition: Command<S>): Command<S> {
  return definition;
}

/** The command line cannot be understood; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command is understood, and not done. */
export class Refused extends Error {
  override readonly name = 'Refused';

  /** `code` is for machines; `subjectId` is the user it was about. */
  constructor(
    readonly code: string,
    message: string,
    readonly subjectId: string | null = null,
  ) {
    super(message);
  }
}
