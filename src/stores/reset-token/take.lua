-- Takes a grant away; one that has expired or is from before a restart of the server was void already.
-- KEYS     grant
-- ARGV     offset of the clock (ms)
-- returns  {user id, credential version, expires} to the one caller who took it, else {}
local held = redis.call('HMGET', KEYS[1], 'stamp', 'expires', 'user', 'version')
redis.call('DEL', KEYS[1])
if held[1] ~= server_stamp() or tonumber(held[2]) <= now_ms(tonumber(ARGV[1])) then
  return {}
end
return { held[3], tonumber(held[4]), tonumber(held[2]) }
