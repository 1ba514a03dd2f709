-- Takes one token from each of the first `count` buckets, or from none but those that give regardless. A bucket in shadow
-- gives one if it has one, and never refuses for all.
-- ARGV     see bucket.lua; then for each bucket 1 if it is in shadow, plus 2 if it gives regardless
-- returns  {1 if allowed else 0, now (microseconds), then for each bucket: remaining, ms to next, 1 if it had no token to give else 0}
local function take_all(count)
  local buckets = {}
  local allowed = true
  for i = 1, count do
    local bucket = open_bucket(i)
    local flags = tonumber(ARGV[1 + 3 * count + i])
    bucket.lacking = whole_tokens(bucket) < 1
    bucket.refuses = bucket.lacking and flags % 2 == 0
    bucket.regardless = flags >= 2
    allowed = allowed and not bucket.refuses
    buckets[i] = bucket
  end

  local reply = { allowed and 1 or 0, now }
  for i = 1, count do
    local bucket = buckets[i]
    local gives = not bucket.lacking and (allowed or bucket.regardless)
    if gives then
      bucket.taken = bucket.taken + 1
      bucket.changed = true
    end
    if (allowed or gives) and bucket.refusing > 0 then
      bucket.refusing = 0
      bucket.changed = true
    elseif bucket.refuses and bucket.refusing == 0 then
      bucket.refusing = now
      bucket.changed = true
    end
    store_bucket(bucket)
    reply[3 * i], reply[3 * i + 1] = describe(bucket)
    reply[3 * i + 2] = bucket.lacking and 1 or 0
  end
  return reply
end
