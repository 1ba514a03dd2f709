-- Fills buckets: a full one is not stored.
-- KEYS     the buckets
-- ARGV     none
redis.call('DEL', unpack(KEYS))
