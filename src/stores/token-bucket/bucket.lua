-- What a bucket holds: when it was last full, or got its rate (`anchor`, microseconds), and how many tokens were missing
-- then or were taken since (`taken`; whole unless the rate changed). So its level is one multiplication, and nothing adds
-- up rounding errors:
--   capacity - taken + (now - anchor) x refill
-- And since when it refuses without having let anything through in between (`refusing`, microseconds, else 0).
-- Stored as doubles (`LAYOUT`), which cost a tenth of decimals to write and to read; a full bucket is not stored.
-- `level.ts` is the same in TypeScript.
--
-- ARGV     offset of the clock (ms), then the rate of each bucket: capacity, refill per second, since when (ms)

-- A billionth of a token: what a double may lose in that multiplication.
local EPSILON = 1e-9
-- Tokens gained after which the anchor is moved, so that the doubles keep that precision.
local REBASE = 1000000
-- anchor, taken, refusing, until when it is kept; capacity, refill, since when (times in microseconds)
local LAYOUT = '<ddddddd'
local SIZE = 56
-- A bucket is kept for so much longer than it needs, so that not every take has to move its end; at a write it has less than
-- twice what it needs.
local SPARE = 1.25
local LONGEST = 1e18

local now = now_us(ARGV[1])

-- The bucket of KEYS[i] as it stands now; `gained` since its anchor, `changed` where what is stored differs.
local function open_bucket(i)
  -- Full, unless something is stored that counts.
  local bucket = {
    key = KEYS[i],
    capacity = tonumber(ARGV[3 * i - 1]),
    refill = tonumber(ARGV[3 * i]),
    since = ARGV[3 * i + 1] * 1000,
    anchor = now,
    taken = 0,
    gained = 0,
    refusing = 0,
    kept_until = 0,
    changed = false,
  }
  local value = redis.call('GET', bucket.key)
  -- What is laid out in another way is none of ours.
  if not value or #value ~= SIZE then
    return bucket
  end
  local anchor, taken, refusing, kept_until, capacity, refill, since = struct.unpack(LAYOUT, value)
  bucket.kept_until = kept_until
  local changed = anchor > now
  -- Where the clock stepped back nothing was gained, and nothing is waited for twice.
  anchor = math.min(anchor, now)
  local gained = (now - anchor) * refill / 1000000
  -- Full by its own rate it is forgotten, and the rate with it: so it is, at the latest, where its time to live ends.
  if gained >= taken then
    bucket.changed = true
    return bucket
  end
  -- Of two callers that know different rates the newer counts for both, or each change of hands could mint tokens; where
  -- nobody knows which that is, what is stricter of both.
  local in_force = now
  if since > bucket.since then
    bucket.capacity, bucket.refill, bucket.since = capacity, refill, since
  elseif since < bucket.since then
    in_force = math.min(bucket.since, now)
  else
    bucket.capacity, bucket.refill = math.min(capacity, bucket.capacity), math.min(refill, bucket.refill)
  end
  if since < bucket.since or capacity ~= bucket.capacity or refill ~= bucket.refill then
    -- What was gained before the new rate was in force was gained at the old one. Nobody owes more than a whole bucket.
    local from = math.max(anchor, in_force)
    local missing = taken - (from - anchor) * refill / 1000000
    anchor, taken = from, math.max(0, math.min(bucket.capacity, missing))
    gained = (now - anchor) * bucket.refill / 1000000
    changed = true
    if gained >= taken then
      bucket.changed = true
      return bucket
    end
  end
  if bucket.capacity - taken + gained < 0 then
    -- The clock stepped back: empty, never emptier.
    anchor, taken, gained = now, bucket.capacity, 0
    changed = true
  elseif gained >= REBASE then
    local whole = math.floor(gained)
    anchor = math.min(now, math.ceil(anchor + whole * 1000000 / bucket.refill))
    taken = taken - whole
    gained = (now - anchor) * bucket.refill / 1000000
    changed = true
  end
  bucket.anchor, bucket.taken, bucket.gained = anchor, taken, gained
  bucket.refusing, bucket.changed = refusing, changed
  return bucket
end

-- Whole tokens, as they are given.
local function whole_tokens(bucket)
  return math.floor(bucket.capacity - bucket.taken + bucket.gained + EPSILON)
end

-- Writes a bucket if it changed; it needs keeping no longer than until it is full again.
local function store_bucket(bucket)
  if not bucket.changed then
    return
  end
  local needed = (bucket.taken - bucket.gained) * 1000000 / bucket.refill
  if needed <= 0 then
    redis.call('DEL', bucket.key)
    return
  end
  local kept = bucket.kept_until - now
  local keeps = kept >= needed and kept <= 2 * needed
  if not keeps then
    kept = math.min(needed * SPARE, LONGEST)
  end
  local level = struct.pack(LAYOUT, bucket.anchor, bucket.taken, bucket.refusing, now + kept,
    bucket.capacity, bucket.refill, bucket.since)
  if keeps then
    redis.call('SET', bucket.key, level, 'KEEPTTL')
  else
    redis.call('SET', bucket.key, level, 'PX', math.ceil(kept / 1000) + 1)
  end
end

-- Whole tokens left, and milliseconds (rounded up) until there is one more; 0 for a full bucket.
local function describe(bucket)
  local capacity, refill = bucket.capacity, bucket.refill
  local remaining = math.max(0, whole_tokens(bucket))
  if remaining >= capacity then
    return capacity, 0
  end
  local elapsed = now - bucket.anchor
  local needed = bucket.taken - capacity + remaining + 1
  local ms = math.max(1, math.ceil(((needed - EPSILON) * 1000000 / refill - elapsed) / 1000))
  if (elapsed + ms * 1000) * refill / 1000000 + EPSILON < needed then
    ms = ms + 1
  end
  return remaining, ms
end
