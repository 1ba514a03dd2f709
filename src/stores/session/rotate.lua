-- Presents a generation of the refresh token. Reuse ends the session in this same step.
-- KEYS     sessions of the user, session, user
-- ARGV     offset of the clock (ms), session id, generation presented, grace (ms), TTL of a tombstone (ms)
-- returns  {'missing' | 'ended'}, {'rotated', generation}, {'replayed', generation, 1 if pending else 0}
--          or {'reused', expiry of the user's last live session or 0}
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local presented = tonumber(ARGV[3])

local status, session = open_session(KEYS[2], now, stamp)
if status ~= 'live' then
  return { status }
end
if presented > session.generation then
  return { 'missing' }
end
if presented == session.generation then
  redis.call('HSET', KEYS[2], 'generation', presented + 1, 'confirmed', '')
  return { 'rotated', presented + 1 }
end
if presented == session.generation - 1 then
  if session.confirmed == '' then
    return { 'replayed', session.generation, 1 }
  end
  if now <= tonumber(session.confirmed) + tonumber(ARGV[4]) then
    return { 'replayed', session.generation, 0 }
  end
end
end_session(KEYS[1], ARGV[2], now, tonumber(ARGV[5]))
return { 'reused', last_expiry(KEYS[1], KEYS[3], now, stamp) }
