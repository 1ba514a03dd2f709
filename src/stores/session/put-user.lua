-- Brings what sessions show of the user up to date; where none is held, the version stays a while, so that a restore
-- under way with an older one does not win.
-- KEYS     user
-- ARGV     version, data
-- returns  nothing
put_user(KEYS[1], server_stamp(), ARGV[1], ARGV[2], SHORTEST_TTL)
