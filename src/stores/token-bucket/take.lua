-- Takes one token from each bucket, or from none.
-- KEYS     the buckets, each once
-- ARGV     offset of the clock (ms), then capacity and refill per second of each bucket
-- returns  {1 if taken else 0, then for each bucket: remaining, ms to next, 1 if refused else 0}
local now = now_us(tonumber(ARGV[1]))
local stamp = server_stamp()

local buckets = {}
local refused = {}
local allowed = 1
for i, key in ipairs(KEYS) do
  buckets[i] = open_bucket(key, tonumber(ARGV[2 * i]), ARGV[2 * i + 1], now, stamp)
  refused[i] = 0
  if level_of(buckets[i], now) + EPSILON < 1 then
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
  if bucket.changed then
    store_bucket(bucket, now, stamp)
  end
  local remaining, ms = describe(bucket, now)
  reply[#reply + 1] = remaining
  reply[#reply + 1] = ms
  reply[#reply + 1] = refused[i]
end
return reply
