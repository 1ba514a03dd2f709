-- Reads a grant; one from before a restart of the server is void.
-- KEYS     grant
-- ARGV     offset of the clock (ms)
-- returns  {user id, credential version}, or {} for none
local held = redis.call('HMGET', KEYS[1], 'stamp', 'expires', 'user', 'version')
if held[1] ~= server_stamp() or tonumber(held[2]) <= now_ms(tonumber(ARGV[1])) then
  return {}
end
return { held[3], tonumber(held[4]) }
