-- Forgets what sessions show of a user: they are missing until they are restored from the record.
-- KEYS     user
-- ARGV     none
-- returns  nothing
redis.call('DEL', KEYS[1])
