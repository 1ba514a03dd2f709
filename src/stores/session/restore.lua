-- Puts a session in unless a tombstone or a newer state is there, and brings the user up to date.
-- KEYS     sessions of the user, session, user
-- ARGV     offset of the clock (ms), session id, generation, confirmed (or empty), expires, ends, fresh,
--          user version, user data
-- returns  1 if the session was put in, else 0
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local ttl = math.max(tonumber(ARGV[6]) - now, SHORTEST_TTL)

local held = redis.call('HMGET', KEYS[2], 'ended', 'stamp', 'generation', 'confirmed')
if held[1] then
  return 0
end
put_user(KEYS[3], now, stamp, ARGV[8], ARGV[9], ttl)

local generation = tonumber(ARGV[3])
if held[2] == stamp then
  local held_generation = tonumber(held[3])
  if held_generation > generation then
    return 0
  end
  if held_generation == generation and (held[4] ~= '' or ARGV[4] == '') then
    return 0
  end
end
redis.call(
  'HSET', KEYS[2],
  'stamp', stamp, 'generation', ARGV[3], 'confirmed', ARGV[4], 'expires', ARGV[5], 'ends', ARGV[6], 'fresh', ARGV[7]
)
redis.call('PEXPIRE', KEYS[2], ttl)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], ARGV[6], ARGV[2])
if redis.call('PTTL', KEYS[1]) < ttl then
  redis.call('PEXPIRE', KEYS[1], ttl)
end
return 1
