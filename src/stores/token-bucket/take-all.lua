-- Takes one token from each of the first `count` buckets, or from none but those that give regardless. A bucket in shadow
-- gives one if it has one, and never refuses for all.
-- ARGV     see bucket.lua; then for each bucket 1 if it is in shadow, plus 2 if it gives regardless
-- returns  {1 if allowed else 0, now (microseconds), then for each bucket: remaining, ms to next, 1 if it had no token to give else 0}
local function take_all(count)
  local buckets = {}
  local lacking = {}
  local refusing = {}
  local regardless = {}
  local allowed = true
  for i = 1, count do
    local flags = tonumber(ARGV[1 + count + i])
    buckets[i] = open_bucket(i)
    lacking[i] = not has_token(buckets[i])
    refusing[i] = lacking[i] and flags % 2 == 0
    regardless[i] = flags >= 2
    allowed = allowed and not refusing[i]
  end

  local reply = { allowed and 1 or 0, now }
  for i, bucket in ipairs(buckets) do
    local gives = not lacking[i] and (allowed or regardless[i])
    if gives then
      bucket.taken = bucket.taken + 1
      bucket.changed = true
    end
    if (allowed or gives) and bucket.refusing > 0 then
      bucket.refusing = 0
      bucket.changed = true
    elseif refusing[i] and bucket.refusing == 0 then
      bucket.refusing = now
      bucket.changed = true
    end
    store_bucket(bucket)
    local remaining, ms = describe(bucket)
    reply[#reply + 1] = remaining
    reply[#reply + 1] = ms
    reply[#reply + 1] = lacking[i] and 1 or 0
  end
  return reply
end
