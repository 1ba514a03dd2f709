-- Finds a session with what it shows of its user.
-- KEYS     session, user
-- ARGV     offset of the clock (ms)
-- returns  see find_session
return find_session(KEYS[1], KEYS[2], now_ms(tonumber(ARGV[1])), server_stamp())
