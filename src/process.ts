import { CannotStart } from './cannot-start';

/**
 * Runs a service as the process: begins it, stops it at SIGTERM or SIGINT, and ends with code 1 and a plain message if it
 * cannot begin. A signal while it begins counts as soon as it has begun; a second one ends the process at once.
 */
export async function runProcess(start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  let stopAsked = false;
  const asked = new Promise<void>((resolve) => {
    const onSignal = () => {
      if (stopAsked) process.exit(1);
      stopAsked = true;
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
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

function explain(error: unknown): string {
  if (error instanceof CannotStart) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
