-- Ends sessions, held or not.
-- KEYS     sessions of the user, user
-- ARGV     offset of the clock (ms), TTL of a tombstone of a session not held (ms), session ids
-- returns  expiry of the user's last live session, or 0
local now = now_ms(tonumber(ARGV[1]))
for i = 3, #ARGV do
  end_session(KEYS[1], ARGV[i], now, tonumber(ARGV[2]))
end
return last_expiry(KEYS[1], KEYS[2], now, server_stamp())
