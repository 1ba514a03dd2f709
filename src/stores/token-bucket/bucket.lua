-- What a bucket holds: when it was last full (`anchor`, microseconds) and how many tokens were taken since without its
-- ever being full again (`taken`). So its level is one multiplication, and nothing adds up rounding errors:
--   capacity - taken + (now - anchor) x refill
-- Stored as "stamp anchor taken refill"; a full bucket is not stored. `level.ts` is the same in TypeScript.

-- A billionth of a token: what a double may lose in that multiplication.
local EPSILON = 1e-9
-- Tokens gained after which the anchor is moved, so that the doubles keep that precision.
local REBASE = 1000000

-- One bucket as it stands now: table of capacity, refill, anchor, taken and the text of refill; and whether what is
-- stored differs.
local function open_bucket(key, capacity, refill_text, now, stamp)
  local bucket = {
    key = key,
    capacity = capacity,
    refill = tonumber(refill_text),
    refill_text = refill_text,
    anchor = now,
    taken = 0,
    changed = false,
  }
  local value = redis.call('GET', key)
  if not value then
    return bucket
  end
  local was, anchor, taken, refill = string.match(value, '^(%x+) (%d+) (%d+) (%S+)$')
  bucket.changed = true
  if was ~= stamp then
    return bucket
  end
  bucket.anchor = tonumber(anchor)
  bucket.taken = tonumber(taken)
  bucket.changed = false
  if bucket.anchor > now then
    -- The clock stepped back: nothing was gained, and nothing is waited for twice.
    bucket.anchor = now
    bucket.changed = true
  end
  if refill ~= refill_text then
    -- What was gained so far was gained at the old rate; from here on the new one counts.
    local debt = math.max(0, bucket.taken - (now - bucket.anchor) * tonumber(refill) / 1000000)
    bucket.taken = math.ceil(debt)
    bucket.anchor = math.ceil(now - (bucket.taken - debt) * 1000000 / bucket.refill)
    bucket.changed = true
  end
  local gained = (now - bucket.anchor) * bucket.refill / 1000000
  if gained >= bucket.taken then
    bucket.anchor = now
    bucket.taken = 0
    bucket.changed = true
  elseif bucket.capacity - bucket.taken + gained < 0 then
    -- A smaller capacity than before, or a clock that stepped back: empty, never emptier.
    bucket.anchor = now
    bucket.taken = bucket.capacity
    bucket.changed = true
  elseif gained >= REBASE then
    local whole = math.floor(gained)
    bucket.anchor = math.min(now, math.ceil(bucket.anchor + whole * 1000000 / bucket.refill))
    bucket.taken = bucket.taken - whole
    bucket.changed = true
  end
  return bucket
end

local function level_of(bucket, now)
  return bucket.capacity - bucket.taken + (now - bucket.anchor) * bucket.refill / 1000000
end

-- Writes a bucket; it needs keeping no longer than until it is full again.
local function store_bucket(bucket, now, stamp)
  local gained = (now - bucket.anchor) * bucket.refill / 1000000
  if gained >= bucket.taken then
    redis.call('DEL', bucket.key)
    return
  end
  local value = string.format('%s %.0f %.0f %s', stamp, bucket.anchor, bucket.taken, bucket.refill_text)
  local ttl = math.min(math.ceil((bucket.taken - gained) / bucket.refill * 1000) + 1, 1e15)
  redis.call('SET', bucket.key, value, 'PX', string.format('%.0f', ttl))
end

-- Whole tokens left, and milliseconds (rounded up) until there is one more; 0 for a full bucket.
local function describe(bucket, now)
  local remaining = math.max(0, math.floor(level_of(bucket, now) + EPSILON))
  if remaining >= bucket.capacity then
    return bucket.capacity, 0
  end
  local elapsed = now - bucket.anchor
  local needed = bucket.taken - bucket.capacity + remaining + 1
  local ms = math.max(1, math.ceil(((needed - EPSILON) * 1000000 / bucket.refill - elapsed) / 1000))
  if (elapsed + ms * 1000) * bucket.refill / 1000000 + EPSILON < needed then
    ms = ms + 1
  end
  return remaining, ms
end
