import { ConfigError, messageOf, readSecretFiles } from '../config';
import { explain } from '../process';
import { settings } from '../settings';
import { type Mark, markHolds } from '../stores/audit/audit-chain';
import { AuditSeal } from '../stores/audit/audit-seal';
import { NoSuchPlace, verifyChain } from '../stores/audit/prisma-chain-verification';
import { Database } from '../stores/postgres/database';
import { deriveKeys } from '../tokens/keyring';
import { type Options, parseOptions, USAGE, UsageError } from './options';
import { reportOf } from './report';

/** Exit codes. */
const INTACT = 0;
const TAMPERED = 1;
const NOT_CHECKED = 2;

/** A chain of many millions of events is read in one snapshot. */
const STATEMENT_MS = 60 * 60_000;
const CONNECT_MS = 5_000;

export interface VerifyCall {
  readonly args: readonly string[];
  /** The default of `--data-dir`, where there is an embedded database. */
  readonly dataDir?: string;
  open(options: Options): Promise<{ readonly environment: NodeJS.ProcessEnv; stop(): Promise<void> }>;
  print(text: string): void;
  printError(text: string): void;
}

/** Verifies the audit chain, prints what was found and returns the exit code. Never throws, so that code 1 means one thing. */
export async function runAuditVerify(call: VerifyCall): Promise<number> {
  try {
    const options = parseOptions(call.args, call.dataDir);
    if (options.help) {
      call.print(USAGE);
      return INTACT;
    }
    const { environment, stop } = await call.open(options);
    try {
      return await verify(call, options, environment);
    } finally {
      await stop();
    }
  } catch (error) {
    if (error instanceof UsageError) call.printError(`${error.message}\n${USAGE}`);
    else call.printError(`${error instanceof NoSuchPlace ? error.message : explain(error)}\n`);
    return NOT_CHECKED;
  }
}

async function verify(call: VerifyCall, options: Options, environment: NodeJS.ProcessEnv): Promise<number> {
  const { databaseUrl, secretKeys } = readSettings(environment);
  const seal = new AuditSeal(deriveKeys(secretKeys, 'audit'));
  const { checkpoint, after } = options;
  if (checkpoint !== undefined) assertGenuine(seal, checkpoint);
  const database = new Database(databaseUrl, {
    poolSize: 1,
    connectMs: CONNECT_MS,
    statementMs: STATEMENT_MS,
  });
  try {
    const verdict = await verifyChain(database, seal, { checkpoint, after });
    call.print(reportOf(verdict));
    if (verdict.fault !== undefined) return TAMPERED;
    if (checkpoint !== undefined && !verdict.compared) {
      call.printError('The checkpoint lies before the beginning of the chain, and could not be compared.\n');
      return NOT_CHECKED;
    }
    return verdict.unchecked.count === 0 ? INTACT : NOT_CHECKED;
  } finally {
    await database.close();
  }
}

/** Only these two, so that whoever verifies needs no more. Throws `ConfigError`. */
function readSettings(environment: NodeJS.ProcessEnv) {
  const { env, faults } = readSecretFiles(environment);
  const read = settings.pick({ DATABASE_URL: true, SECRET_KEYS: true }).safeParse(env);
  for (const issue of read.error?.issues ?? []) faults.set(String(issue.path[0]), messageOf(issue));
  const relevant = [...faults].filter(([name]) => /^(?:DATABASE_URL|SECRET_KEYS)/.test(name));
  if (!read.success || relevant.length > 0) {
    throw new ConfigError(relevant.map(([name, fault]) => `${name}: ${fault}`));
  }
  return { databaseUrl: read.data.DATABASE_URL, secretKeys: read.data.SECRET_KEYS };
}

/** Throws `UsageError`. */
function assertGenuine(seal: AuditSeal, checkpoint: Mark): void {
  const holds = markHolds(seal, checkpoint);
  if (holds === true) return;
  throw new UsageError(
    holds === undefined
      ? `the checkpoint was signed with a key (${checkpoint.keyId}) that SECRET_KEYS does not list`
      : 'the checkpoint was not signed by this service',
  );
}
