-- Takes one token from each bucket, or from none but those that give regardless.
-- KEYS     the buckets, each once
-- ARGV     see take-all.lua
-- returns  see take-all.lua
return take_all(#KEYS)
