-- Returns one token to each bucket, never above its capacity.
-- KEYS     the buckets, each once
-- ARGV     see bucket.lua
-- returns  {for each bucket: remaining, ms to next}
local reply = {}
for i = 1, #KEYS do
  local bucket = open_bucket(i)
  if bucket.taken > 0 then
    bucket.taken = math.max(0, bucket.taken - 1)
    bucket.changed = true
  end
  store_bucket(bucket)
  local remaining, ms = describe(bucket)
  reply[#reply + 1] = remaining
  reply[#reply + 1] = ms
end
return reply
