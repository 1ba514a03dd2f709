import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { RedisTarget } from './parse-redis-url';
import { saysReadOnly } from './store-error';

/** Milliseconds that a command may take, unless told otherwise; then its effect is unknown. */
export const COMMAND_TIMEOUT_MS = 800;
const CONNECT_TIMEOUT_MS = 1_000;
/** Milliseconds after the end of its oldest command until a silent connection is given up. */
const SILENCE_MS = 200;
const MAX_RETRY_DELAY_MS = 1_000;
const SLOTS_REFRESH_MS = 2_000;

// ioredis types its constructors by how replies are mapped, which is left at its default here.
type ServerOptions = Omit<RedisOptions, 'replyMapping'>;
type NodesOptions = Omit<ClusterOptions, 'redisOptions'> & {
  readonly redisOptions: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>;
};

/** 50 ms doubling to one second, with jitter, without end: back within three seconds of the server. */
export function retryDelay(attempt: number): number {
  const delay = Math.min(50 * 2 ** Math.min(attempt - 1, 10), MAX_RETRY_DELAY_MS);
  return delay * (0.8 + Math.random() * 0.2);
}

const common = {
  connectTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: 200,
  maxRetriesPerRequest: 0,
  // A bucket charged twice is worse than an error.
  autoResendUnfulfilledCommands: false,
  enableAutoPipelining: false,
  maxLoadingRetryTime: 500,
  connectionName: 'tollgate',
} satisfies RedisOptions;

/** How long a command and the server may take, in milliseconds. */
function bounds(commandMs: number) {
  // A peer that has gone without a word: its connection is given up, else it would look alive for a quarter of an hour.
  return { commandTimeout: commandMs, socketTimeout: commandMs + SILENCE_MS };
}

/** Options for one server, or for the master that Sentinel names. */
export function serverOptions(
  target: Exclude<RedisTarget, { kind: 'cluster' }>,
  commandMs: number,
): ServerOptions {
  const options: ServerOptions = {
    ...common,
    ...bounds(commandMs),
    ...target.credentials,
    db: target.db,
    retryStrategy: retryDelay,
    // A command while the server is away fails at once; what waits for the first connection waits outside.
    enableOfflineQueue: false,
    // The server was demoted under us: ask again who is master. The command itself is not sent again.
    reconnectOnError: (error) => (saysReadOnly(error) ? 1 : false),
  };
  if (target.kind === 'standalone') return { ...options, ...target.node, ...(target.tls ? { tls: {} } : {}) };
  const { username, password } = target.sentinelCredentials;
  return {
    ...options,
    sentinels: target.sentinels.map((node) => ({ ...node })),
    name: target.masterName,
    sentinelCommandTimeout: COMMAND_TIMEOUT_MS,
    sentinelRetryStrategy: retryDelay,
    sentinelReconnectStrategy: retryDelay,
    failoverDetector: true,
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  };
}

/** Options for a Redis Cluster. Only redirections are followed: those commands had no effect yet. */
export function clusterOptions(
  target: Extract<RedisTarget, { kind: 'cluster' }>,
  commandMs: number,
): NodesOptions {
  return {
    redisOptions: {
      ...common,
      ...bounds(commandMs),
      ...target.credentials,
      ...(target.tls ? { tls: {} } : {}),
    },
    enableOfflineQueue: false,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    clusterRetryStrategy: retryDelay,
    clusterNodeRetryStrategy: retryDelay,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    slotsRefreshInterval: SLOTS_REFRESH_MS,
  };
}
