import { CannotStart } from './cannot-start';

/** What a process that started this one sends it over their channel to stop it. */
export const STOP = 'stop';

/**
 * Milliseconds in which a further signal is an echo of the first: npm, a script and a group of processes each pass on
 * what all of them were sent.
 */
const ECHO_MS = 500;

/**
 * Runs a service as the process: begins it, stops it at SIGTERM, SIGINT or the message `STOP`, and ends with code 1 and
 * a plain message if it cannot begin. What comes while it begins counts as soon as it has begun; a second signal ends
 * the process at once.
 */
export async function runProcess(start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  let askedAt: number | undefined;
  const asked = new Promise<void>((resolve) => {
    const ask = () => {
      askedAt ??= performance.now();
      resolve();
    };
    const onSignal = () => {
      if (askedAt !== undefined && performance.now() - askedAt > ECHO_MS) process.exit(1);
      ask();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
    process.on('message', (message) => message === STOP && ask());
  });
  try {
    const running = await start();
    await asked;
    await running.stop();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

/** What to tell whoever started the process: of what they can mend, no stack. */
export function explain(error: unknown): string {
  if (error instanceof CannotStart) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
