-- Begins a change of the user: sessions are missing until it ends.
-- KEYS     user
-- ARGV     offset of the clock (ms), longest time that a change takes (ms)
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
if not is_changing(redis.call('HGET', KEYS[1], 'changing_until'), now) then
  redis.call('HDEL', KEYS[1], 'changes')
end
redis.call('HINCRBY', KEYS[1], 'changes', 1)
redis.call('HSET', KEYS[1], 'changing_until', now + tonumber(ARGV[2]))
-- The version stays: no restore that read an older one may win.
redis.call('HDEL', KEYS[1], 'data')
keep(KEYS[1], math.max(tonumber(ARGV[2]), SHORTEST_TTL))
