-- Takes one token from each bucket, or from none but those that give regardless; and finds a session, either way.
-- KEYS     the buckets, each once; then session, user
-- ARGV     see take-all.lua
-- returns  {what take_all returns, what find_session returns}
local count = #KEYS - 2
return {
  take_all(count),
  find_session(KEYS[count + 1], KEYS[count + 2], math.floor(now / 1000), server_stamp()),
}
