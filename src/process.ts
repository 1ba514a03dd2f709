import { ConfigError } from './config';
import { FirstAdminRefused } from './first-admin';
import { AddressTaken } from './server';

/** Errors that the operator mends: told in a sentence, without a stack. */
const OPERATOR_ERRORS = [ConfigError, AddressTaken, FirstAdminRefused];

/**
 * Runs a service as the process: begins it, stops it at SIGTERM or SIGINT, and ends with code 1 and a plain message if
 * it cannot begin. A second signal ends the process at once.
 */
export async function runProcess(start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  try {
    const running = await start();
    let stopping = false;
    const stop = () => {
      if (stopping) process.exit(1);
      stopping = true;
      running.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  } catch (error) {
    const known = OPERATOR_ERRORS.some((kind) => error instanceof kind);
    process.stderr.write(`${known ? (error as Error).message : explain(error)}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
