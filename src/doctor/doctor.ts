import type { Clock } from '../clock';
import { type Config, ConfigError, loadConfig, readSecretFiles } from '../config';
import { explain } from '../process';
import { CHECKS } from './checks/all';
import { examine } from './examine';
import { type Options, parseOptions, USAGE, UsageError } from './options';
import { asJson, asPage, asTable, mustFailed } from './report';
import { printable, type Result, runChecks } from './run-checks';

/** Exit codes. */
const FINE = 0;
const MUST_FAILED = 1;
const UNUSABLE = 2;

/** The settings to judge, and which of them somebody filled in. */
export interface Settings {
  readonly environment: NodeJS.ProcessEnv;
  readonly filled: ReadonlySet<string>;
  stop(): Promise<void>;
}

export interface DoctorCall {
  readonly args: readonly string[];
  /** The default of `--data-dir`, where there is an embedded database. */
  readonly dataDir?: string;
  /** See `Subject`. */
  readonly envFile: string;
  readonly clock: Clock;
  open(options: Options): Promise<Settings>;
  print(text: string): void;
  printError(text: string): void;
}

/** Checks, prints a report and returns the exit code. Never throws, so that code 1 means one thing. */
export async function runDoctor(call: DoctorCall): Promise<number> {
  try {
    const options = parseOptions(call.args, call.dataDir);
    if (options.help || options.list) {
      call.print(options.help ? USAGE : asPage());
      return FINE;
    }
    const settings = await call.open(options);
    try {
      return await diagnose(call, options, settings);
    } finally {
      await settings.stop();
    }
  } catch (error) {
    call.printError(error instanceof UsageError ? `${error.message}\n${USAGE}` : `${explain(error)}\n`);
    return UNUSABLE;
  }
}

async function diagnose(
  call: DoctorCall,
  options: Options,
  { environment, filled }: Settings,
): Promise<number> {
  let config: Config;
  try {
    config = loadConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const production = environment['NODE_ENV'] === 'production';
    call.print(report(error.faults.map(unreadable), options, production));
    return UNUSABLE;
  }
  const given = Object.entries(readSecretFiles(environment).env).filter(([name]) => !filled.has(name));
  const production = config.production || options.production;
  const facts = await examine({
    config,
    production,
    environment: Object.fromEntries(given),
    filled,
    envFile: call.envFile,
    origin: options.url ?? config.baseUrl,
    instanceAskedFor: options.url !== undefined,
    clock: call.clock,
  });
  const results = runChecks(CHECKS, facts);
  call.print(report(results, options, production));
  return mustFailed(results) ? MUST_FAILED : FINE;
}

/** A fault for which the service would not start, as a failed must; it names its setting, and shows nothing of it. */
function unreadable(fault: string): Result {
  const [setting = '', ...reason] = fault.split(': ');
  return {
    id: 'TG-0',
    level: null,
    must: true,
    title: `${printable(setting)} can be used`,
    verdict: 'fail',
    evidence: printable(reason.join(': ')),
  };
}

function report(results: readonly Result[], { json }: Options, production: boolean): string {
  return json ? asJson(results, production) : asTable(results);
}
