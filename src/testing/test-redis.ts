import { randomBytes } from 'node:crypto';

export { findRedisServer, type RedisServer, startRedisServer } from './redis-server';

/** Set by the global setup where there is a Redis. */
export const REDIS_URL = 'TOLLGATE_TEST_REDIS_URL';

/** The Redis that all test files share, each under prefixes of its own; undefined if this machine has none. */
export function testRedisUrl(): string | undefined {
  return process.env[REDIS_URL];
}

/** What no other test puts before its keys. */
export function uniqueRedisPrefix(): string {
  return `test:${randomBytes(6).toString('hex')}:`;
}
