-- Marks a live session as fresh.
-- KEYS     session
-- ARGV     offset of the clock (ms), fresh until (ms since the epoch)
-- returns  'missing', 'ended' or 'marked'
local status = open_session(KEYS[1], now_ms(tonumber(ARGV[1])), server_stamp())
if status ~= 'live' then
  return status
end
redis.call('HSET', KEYS[1], 'fresh', ARGV[2])
return 'marked'
