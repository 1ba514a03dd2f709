-- Brings what sessions show of the user up to date; where none is held, the version stays a while, so that a restore
-- under way with an older one does not win.
-- KEYS     user
-- ARGV     offset of the clock (ms), version, data
-- returns  nothing
put_user(KEYS[1], now_ms(tonumber(ARGV[1])), server_stamp(), ARGV[2], ARGV[3], SHORTEST_TTL)
