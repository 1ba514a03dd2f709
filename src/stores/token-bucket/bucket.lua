-- What a bucket holds: when it was last full, or got its rate (`anchor`, microseconds), and how many tokens were missing
-- then or were taken since (`taken`; whole unless the rate changed). So its level is one multiplication, and nothing adds
-- up rounding errors:
--   capacity - taken + (now - anchor) x refill
-- And since when it refuses without having let anything through in between (`refusing`, microseconds, else 0).
-- Stored as the server's stamp and six doubles (`LAYOUT`), which cost a tenth of decimals to write and to read; a full
-- bucket is not stored. `level.ts` is the same in TypeScript.
--
-- ARGV     offset of the clock (ms), then the rate of each bucket: "capacity/refill per second/since when (ms)"

-- A billionth of a token: what a double may lose in that multiplication.
local EPSILON = 1e-9
-- Tokens gained after which the anchor is moved, so that the doubles keep that precision.
local REBASE = 1000000
-- anchor, taken, refusing; capacity, refill, since when (microseconds)
local LAYOUT = '<dddddd'

local now = now_us(tonumber(ARGV[1]))
local stamp = server_stamp()

local function gained(bucket)
  return (now - bucket.anchor) * bucket.refill / 1000000
end

local function level_of(bucket)
  return bucket.capacity - bucket.taken + gained(bucket)
end

local function has_token(bucket)
  return level_of(bucket) + EPSILON >= 1
end

-- The bucket of KEYS[i] as it stands now; `changed` where what is stored differs.
local function open_bucket(i)
  local given_capacity, given_refill, given_since = string.match(ARGV[i + 1], '^(%d+)/([^/]+)/(%d+)$')
  -- Full, unless something is stored that counts.
  local bucket = {
    key = KEYS[i],
    capacity = tonumber(given_capacity),
    refill = tonumber(given_refill),
    since = given_since * 1000,
    anchor = now,
    taken = 0,
    refusing = 0,
    changed = false,
  }
  local value = redis.call('GET', KEYS[i])
  if not value then
    return bucket
  end
  bucket.changed = true
  if string.sub(value, 1, #stamp) ~= stamp then
    return bucket
  end
  local anchor, taken, refusing, capacity, refill, since = struct.unpack(LAYOUT, value, #stamp + 1)
  local changed = anchor > now
  -- Where the clock stepped back nothing was gained, and nothing is waited for twice.
  anchor = math.min(anchor, now)
  -- Full by its own rate it is forgotten, and the rate with it: so it is where its time to live has ended.
  if (now - anchor) * refill / 1000000 >= taken then
    return bucket
  end
  -- Of two callers that know different rates the newer counts for both, or each change of hands could mint tokens.
  if since > bucket.since then
    bucket.capacity, bucket.refill, bucket.since = capacity, refill, since
  elseif since < bucket.since or capacity ~= bucket.capacity or refill ~= bucket.refill then
    -- What was gained before the new rate was in force was gained at the old one. Nobody owes more than a whole bucket.
    local from = math.max(anchor, math.min(since < bucket.since and bucket.since or now, now))
    local missing = taken - (from - anchor) * refill / 1000000
    anchor, taken = from, math.max(0, math.min(bucket.capacity, missing))
    changed = true
    if (now - anchor) * bucket.refill / 1000000 >= taken then
      return bucket
    end
  end
  bucket.anchor, bucket.taken, bucket.refusing, bucket.changed = anchor, taken, refusing, changed
  if level_of(bucket) < 0 then
    -- The clock stepped back: empty, never emptier.
    bucket.anchor = now
    bucket.taken = bucket.capacity
    bucket.changed = true
  elseif gained(bucket) >= REBASE then
    local whole = math.floor(gained(bucket))
    bucket.anchor = math.min(now, math.ceil(bucket.anchor + whole * 1000000 / bucket.refill))
    bucket.taken = bucket.taken - whole
    bucket.changed = true
  end
  return bucket
end

-- Writes a bucket if it changed; it needs keeping no longer than until it is full again.
local function store_bucket(bucket)
  if not bucket.changed then
    return
  end
  local missing = bucket.taken - gained(bucket)
  if missing <= 0 then
    redis.call('DEL', bucket.key)
    return
  end
  local level = struct.pack(LAYOUT, bucket.anchor, bucket.taken, bucket.refusing,
    bucket.capacity, bucket.refill, bucket.since)
  local ttl = math.min(math.ceil(missing / bucket.refill * 1000) + 1, 1e15)
  redis.call('SET', bucket.key, stamp .. level, 'PX', ttl)
end

-- Whole tokens left, and milliseconds (rounded up) until there is one more; 0 for a full bucket.
local function describe(bucket)
  local capacity, refill = bucket.capacity, bucket.refill
  local remaining = math.max(0, math.floor(level_of(bucket) + EPSILON))
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
