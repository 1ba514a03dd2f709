import { runCli } from '../cli/run';
import type { TestApp } from './test-app';

export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Gives a command to the command line over the parts of a test app, as if it ran beside it. */
export async function runCliOn(test: TestApp, ...args: readonly string[]): Promise<CliRun> {
  let [out, err] = ['', ''];
  const code = await runCli({
    args,
    open: async () => ({ ...test, close: async () => {} }),
    print: (text) => {
      out += text;
    },
    printError: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

/** The same with `--json`, read. */
export async function runCliForJson(test: TestApp, ...args: readonly string[]) {
  const { code, out, err } = await runCliOn(test, ...args, '--json');
  return { code, err, data: JSON.parse(out) };
}

/** Audit events that command lines have written, the oldest first. */
export async function cliEvents(test: TestApp) {
  return test.database.run((client) =>
    client.auditEvent.findMany({
      where: { requestId: { startsWith: 'cli-' } },
      orderBy: { id: 'asc' },
      select: { type: true, outcome: true, actorId: true, subjectId: true, details: true, requestId: true },
    }),
  );
}
