-- Reads buckets and changes none.
-- KEYS     the buckets, each once
-- ARGV     see bucket.lua
-- returns  {for each bucket: remaining; if that is 0, since when it refuses (ms, 0 if it has refused nothing yet) and
--          when the next token comes (ms), else 0 and 0}
local reply = {}
for i = 1, #KEYS do
  local bucket = open_bucket(i)
  local remaining, ms = describe(bucket)
  local empty = remaining == 0
  reply[#reply + 1] = remaining
  reply[#reply + 1] = empty and math.floor(math.min(bucket.refusing, now) / 1000) or 0
  reply[#reply + 1] = empty and math.ceil(now / 1000) + ms or 0
end
return reply
