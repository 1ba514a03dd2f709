import { type CliCall, runCli } from './run';

/** Milliseconds after which the process ends whatever a connection that does not close still waits for. */
const LINGER_MS = 500;

/** Runs a command as the process: prints to its streams, and ends with the exit code. */
export async function runCliProcess(call: Omit<CliCall, 'print' | 'printError'>): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    // Whoever reads may have enough (`| head`): what is done is done, and nobody listens.
    stream.on('error', () => {});
  }
  process.exitCode = await runCli({
    ...call,
    print: (text) => process.stdout.write(text),
    printError: (text) => process.stderr.write(text),
  });
  setTimeout(() => process.exit(), LINGER_MS).unref();
}
