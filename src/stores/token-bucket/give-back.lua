-- Returns one token to each bucket, never above its capacity.
-- KEYS     the buckets, each once
-- ARGV     offset of the clock (ms), then capacity and refill per second of each bucket
-- returns  {for each bucket: remaining, ms to next}
local now = now_us(tonumber(ARGV[1]))
local stamp = server_stamp()

local reply = {}
for i, key in ipairs(KEYS) do
  local bucket = open_bucket(key, tonumber(ARGV[2 * i]), ARGV[2 * i + 1], now, stamp)
  if bucket.taken > 0 then
    bucket.taken = bucket.taken - 1
    bucket.changed = true
  end
  if bucket.changed then
    store_bucket(bucket, now, stamp)
  end
  local remaining, ms = describe(bucket, now)
  reply[#reply + 1] = remaining
  reply[#reply + 1] = ms
end
return reply
