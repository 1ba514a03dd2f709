-- Ends every session held of the user, except one.
-- KEYS     sessions of the user, user
-- ARGV     offset of the clock (ms), TTL of a tombstone (ms), id of the session to keep (or empty)
-- returns  {expiry of the user's last live session or 0, ids of the ended sessions}
local now = now_ms(tonumber(ARGV[1]))
local ended = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[3] then
    end_session(KEYS[1], id, now, tonumber(ARGV[2]))
    ended[#ended + 1] = id
  end
end
return { last_expiry(KEYS[1], KEYS[2], now, server_stamp()), ended }
