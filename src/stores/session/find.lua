-- Finds a session with what it shows of its user.
-- KEYS     session, user
-- ARGV     offset of the clock (ms)
-- returns  {'missing' | 'ended'} or {'live', user data, generation, confirmed, expires, ends, fresh}
local stamp = server_stamp()
local now = now_ms(tonumber(ARGV[1]))
local status, session = open_session(KEYS[1], now, stamp)
if status ~= 'live' then
  return { status }
end
local user = redis.call('HMGET', KEYS[2], 'stamp', 'data', 'changing_until')
if user[1] ~= stamp or not user[2] or is_changing(user[3], now) then
  return { 'missing' }
end
return {
  'live',
  user[2],
  session.generation,
  session.confirmed,
  session.expires,
  session.ends,
  tonumber(session.fresh),
}
