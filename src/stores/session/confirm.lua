-- Confirms a pending generation and moves the session's end by disuse.
-- KEYS     session
-- ARGV     offset of the clock (ms), generation, expires
-- returns  {'missing' | 'ended'} or {'confirmed', expires as it now is}
local now = now_ms(tonumber(ARGV[1]))
local status, session = open_session(KEYS[1], now, server_stamp())
if status ~= 'live' then
  return { status }
end
local generation = tonumber(ARGV[2])
if generation > session.generation then
  return { 'missing' }
end
if generation == session.generation and session.confirmed == '' then
  session.expires = math.min(tonumber(ARGV[3]), session.ends)
  redis.call('HSET', KEYS[1], 'confirmed', now, 'expires', session.expires)
end
return { 'confirmed', session.expires }
