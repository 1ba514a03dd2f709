-- Keeps a grant, stamped and with its end.
-- KEYS     grant
-- ARGV     offset of the clock (ms), expires, user id, credential version
-- returns  nothing
local ttl = tonumber(ARGV[2]) - now_ms(tonumber(ARGV[1]))
if ttl > 0 then
  redis.call('HSET', KEYS[1], 'stamp', server_stamp(), 'expires', ARGV[2], 'user', ARGV[3], 'version', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ttl)
end
