import { DependencyUnavailable } from '../dependency-unavailable';

/** Replies by which a server that is well says that it cannot or must not serve this now; anything else is a bug. */
const REFUSALS = [
  'ASK',
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'WRONGPASS',
];
// First word of the reply; inside a script Redis 6 puts it after a dash further on.
const REFUSED = new RegExp(`(?:^|\\s-)(?:${REFUSALS.join('|')})\\b`);

/** True for the reply of a server that has become a replica under this connection. */
export function saysReadOnly(error: Error): boolean {
  return /(?:^|\s-)READONLY\b/.test(error.message);
}

/**
 * What a failed command means: an error reply that is a bug of ours stays what it is, all else (no connection, no
 * answer in time, a refusal) is `DependencyUnavailable`. The command's arguments, which ioredis hangs on its errors,
 * are taken off: they hold digests and e-mail addresses, and errors are logged.
 */
export function storeError(error: unknown): Error {
  if (!(error instanceof Error)) return new DependencyUnavailable('redis', error);
  Reflect.deleteProperty(error, 'command');
  if (error instanceof DependencyUnavailable || error instanceof TypeError) return error;
  if (error.name === 'ReplyError' && !REFUSED.test(error.message)) return error;
  return new DependencyUnavailable('redis', error);
}
