-- Ends a change of the user, and shows what it left where no other is under way.
-- KEYS     user
-- ARGV     offset of the clock (ms), user version and user data (both empty: to be restored from the record)
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
if redis.call('HINCRBY', KEYS[1], 'changes', -1) <= 0 then
  redis.call('HDEL', KEYS[1], 'changes', 'changing_until')
end
if ARGV[2] ~= '' then
  put_user(KEYS[1], now, server_stamp(), ARGV[2], ARGV[3], SHORTEST_TTL)
end
