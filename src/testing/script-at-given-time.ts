import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisConnection } from '../stores/redis/redis';
import type { RedisScript } from '../stores/redis/redis-script';

const PRELUDE = readFileSync(join(__dirname, '..', 'stores', 'redis', 'prelude.lua'), 'utf8');

/**
 * Keys live by the server's time, which is not the test's. So the end of a key stands beside it, and it is gone for whoever
 * asks at that time; the server itself keeps both for a minute, which is more than a test takes.
 */
const AT_GIVEN_TIME = `
  local server = redis
  local given_ms = tonumber(ARGV[1])
  local function end_of(key) return tonumber(server.call('GET', key .. ':end') or nil) end
  local commands = {
    GET = function(key)
      local ends = end_of(key)
      if ends and ends <= given_ms then server.call('DEL', key, key .. ':end') end
      return server.call('GET', key)
    end,
    SET = function(key, value, how, ms)
      if how == 'PX' then
        server.call('SET', key .. ':end', given_ms + ms, 'EX', 60)
      elseif how ~= 'KEEPTTL' or not end_of(key) then
        error('a key without an end')
      end
      return server.call('SET', key, value, 'EX', 60)
    end,
  }
  local redis = {
    call = function(name, ...)
      return (commands[name] or function(...) return server.call(name, ...) end)(...)
    end,
  }
  local function now_us(given) return math.floor(given * 1000 + 0.5) end
  local function server_stamp() return 'abc' end`;

/** A script over a clock that stands still: where it is told an offset, it takes that for the time itself (ms). */
export function atGivenTime({ name, source }: RedisScript): RedisScript {
  if (!source.startsWith(PRELUDE)) throw new Error('the script does not begin as scripts do');
  const given = AT_GIVEN_TIME + source.slice(PRELUDE.length);
  return { name, source: given, sha: createHash('sha1').update(given).digest('hex') };
}

/** A connection that runs every script so. */
export function runningAtGivenTime(
  connection: RedisConnection,
): Pick<RedisConnection, 'isCluster' | 'ready' | 'run'> {
  return {
    isCluster: connection.isCluster,
    ready: () => connection.ready(),
    run: (script, keys, args) => connection.run(atGivenTime(script), keys, args),
  };
}
