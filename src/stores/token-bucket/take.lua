-- Takes one token from each bucket, or from none.
-- KEYS     the buckets, each once
-- ARGV     see bucket.lua
-- returns  {1 if taken else 0, then for each bucket: remaining, ms to next, 1 if refused else 0}
local buckets = {}
local refused = {}
local allowed = 1
for i = 1, #KEYS do
  buckets[i] = open_bucket(i)
  refused[i] = 0
  if level_of(buckets[i]) + EPSILON < 1 then
    refused[i] = 1
    allowed = 0
  end
end

local reply = { allowed }
for i, bucket in ipairs(buckets) do
  if allowed == 1 then
    bucket.taken = bucket.taken + 1
    bucket.changed = true
  end
  store_bucket(bucket)
  local remaining, ms = describe(bucket)
  reply[#reply + 1] = remaining
  reply[#reply + 1] = ms
  reply[#reply + 1] = refused[i]
end
return reply
