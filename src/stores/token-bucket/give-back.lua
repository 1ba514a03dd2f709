-- Returns one token to each bucket, never above its capacity. Where it has been full since the token was taken, time has
-- returned that already: `anchor` is when it was last full. What was taken at a time that is still to come was taken before
-- the clock stepped back, and then nobody can tell.
-- KEYS     the buckets, each once
-- ARGV     see bucket.lua; then for each bucket when the token was taken (microseconds)
-- returns  {for each bucket: remaining, ms to next}
local reply = {}
for i = 1, #KEYS do
  local bucket = open_bucket(i)
  local taken_at = tonumber(ARGV[1 + 3 * #KEYS + i])
  if bucket.taken > 0 and bucket.anchor <= taken_at and taken_at <= now then
    bucket.taken = math.max(0, bucket.taken - 1)
    bucket.changed = true
  end
  store_bucket(bucket)
  local remaining, ms = describe(bucket)
  reply[#reply + 1] = remaining
  reply[#reply + 1] = ms
end
return reply
