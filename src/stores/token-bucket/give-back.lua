-- Returns one token to each bucket, never above its capacity. Where it has been full since the token was taken, time has
-- returned that already: `anchor` is when it was last full.
-- KEYS     the buckets, each once
-- ARGV     see bucket.lua; then for each bucket when the token was taken (microseconds)
-- returns  {for each bucket: remaining, ms to next}
local reply = {}
for i = 1, #KEYS do
  local bucket = open_bucket(i)
  if bucket.taken > 0 and bucket.anchor <= tonumber(ARGV[1 + 3 * #KEYS + i]) then
    bucket.taken = math.max(0, bucket.taken - 1)
    bucket.changed = true
  end
  store_bucket(bucket)
  local remaining, ms = describe(bucket)
  reply[#reply + 1] = remaining
  reply[#reply + 1] = ms
end
return reply
