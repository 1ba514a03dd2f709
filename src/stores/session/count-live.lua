-- Counts users with a live session, and live sessions.
-- KEYS     live sessions, live users (sorted sets by expiry), stamp of both
-- ARGV     offset of the clock (ms)
-- returns  {users, sessions}
if redis.call('GET', KEYS[3]) ~= server_stamp() then
  return { 0, 0 }
end
local after_now = string.format('(%.0f', now_ms(tonumber(ARGV[1])))
return { redis.call('ZCOUNT', KEYS[2], after_now, '+inf'), redis.call('ZCOUNT', KEYS[1], after_now, '+inf') }
