-- Removes a grant. One that has expired or is from before a restart of the server was void already.
-- KEYS     grant
-- ARGV     offset of the clock (ms)
-- returns  1 to the one caller who removed a valid grant, else 0
local held = redis.call('HMGET', KEYS[1], 'stamp', 'expires')
redis.call('DEL', KEYS[1])
if held[1] ~= server_stamp() or tonumber(held[2]) <= now_ms(tonumber(ARGV[1])) then
  return 0
end
return 1
