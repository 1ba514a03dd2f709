import type { Clock } from '../../clock';
import { type ClockDifference, clockDifference } from '../clock-difference';
import type { RedisConnection } from './redis';

/** What one Redis server says of itself. */
export interface RedisFacts {
  /** What it tells with INFO; undefined where its access list refuses us that. */
  readonly own: RedisSelfReport | undefined;
  /** Whether it takes snapshots by itself; undefined where we may not ask. */
  readonly snapshots: boolean | undefined;
  readonly clock: ClockDifference;
}

export interface RedisSelfReport {
  readonly version: string;
  /** Bytes; 0 for no bound. */
  readonly maxMemory: number;
  readonly evictionPolicy: string;
  /** Whether it keeps an append-only file. */
  readonly aof: boolean;
  /** The last attempt to write to its disk went well. */
  readonly lastWriteOk: boolean;
}

/** Asks each server (of a cluster: each master) with INFO, CONFIG GET and TIME. Throws the server's own error, or ioredis'. */
export async function readRedisFacts(
  connection: RedisConnection,
  clock: Clock,
): Promise<readonly RedisFacts[]> {
  return Promise.all(
    connection.servers().map(async (server) => ({
      own: selfReport(await server.info().catch(noneIfRefused)),
      // Managed servers know no CONFIG.
      snapshots: await server.config('GET', 'save').then(
        (answer) => String(answer).replace(/^save,?/, '') !== '',
        () => undefined,
      ),
      clock: await clockDifference(clock, async () => {
        const [seconds, micros] = await server.time();
        return Number(seconds) * 1000 + Number(micros) / 1000;
      }),
    })),
  );
}

function noneIfRefused(error: unknown): undefined {
  if (error instanceof Error && error.message.startsWith('NOPERM')) return undefined;
  throw error;
}

function selfReport(text: string | undefined): RedisSelfReport | undefined {
  if (text === undefined) return undefined;
  const info = parseInfo(text);
  const ok = (name: string) => (info.get(name) ?? 'ok') === 'ok';
  return {
    version: info.get('redis_version') ?? 'unknown',
    maxMemory: Number(info.get('maxmemory') ?? 0),
    evictionPolicy: info.get('maxmemory_policy') ?? 'unknown',
    aof: info.get('aof_enabled') === '1',
    lastWriteOk: ok('rdb_last_bgsave_status') && ok('aof_last_write_status'),
  };
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line) => {
      const [, name, value] = /^([a-z_0-9]+):(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, value] as const];
    }),
  );
}
