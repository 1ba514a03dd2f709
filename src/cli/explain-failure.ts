import { CannotStart } from '../cannot-start';
import { createLogger } from '../observability/logger';
import { DependencyUnavailable } from '../stores/dependency-unavailable';
import { Refused } from './command';
import { harmless } from './terminal-text';

export interface Failure {
  readonly code: string;
  readonly message: string;
}

const AWAY = {
  postgresql: 'PostgreSQL does not answer, refuses us or is too slow. Look at DATABASE_URL.',
  redis: 'Redis does not answer, refuses us or is too slow. Look at REDIS_URL.',
} as const;

/** What to tell an operator. Of a fault of the program, everything goes to `printError`, without credentials. */
export function explainFailure(error: unknown, printError: (text: string) => void): Failure {
  if (error instanceof Refused) return { code: error.code, message: error.message };
  if (error instanceof CannotStart) return { code: 'cannot_start', message: error.message };
  if (error instanceof DependencyUnavailable) {
    const again = 'Perhaps all of it was done, perhaps a part: the same command can be given again.';
    return { code: 'dependency_unavailable', message: `${AWAY[error.dependency]} ${again}` };
  }
  const write = (line: string) => printError(`${harmless(line.trimEnd())}\n`);
  createLogger('error', { write }).error({ err: error }, 'the command failed');
  return { code: 'internal_error', message: 'The command failed by a fault of the program.' };
}
