import { setTimeout as sleep } from 'node:timers/promises';
import { findRedis, startRedis } from '../bench/redis.mjs';

/**
 * The Redis of `REDIS_URL`, or a server of our own on a free port; where neither is to be had, `url` is empty and the
 * service keeps its state in the process. One of our own can be paused: until the milliseconds are over it answers nothing.
 */
export async function openRedis() {
  const given = process.env.REDIS_URL;
  if (given) return { url: given, what: 'the Redis of REDIS_URL', stop: async () => {} };
  if (findRedis() === undefined) {
    return { url: '', what: 'in-process stores: no redis-server was found', stop: async () => {} };
  }
  const { url, program, version, pause, resume, stop } = await startRedis();
  return {
    url,
    what: `${program} ${version}`,
    async pause(milliseconds) {
      pause();
      await sleep(milliseconds);
      resume();
    },
    stop,
  };
}
