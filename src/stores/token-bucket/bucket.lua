-- What a bucket holds: when it was last full, or got its rate (`anchor`, microseconds), and how many tokens were missing
-- then or were taken since (`taken`; whole unless the rate changed). So its level is one multiplication, and nothing adds
-- up rounding errors:
--   capacity - taken + (now - anchor) x refill
-- And since when it refuses without having let anything through in between (`refusing`, microseconds, else 0).
-- Stored as "stamp anchor taken refusing rate"; a full bucket is not stored. `level.ts` is the same in TypeScript.
--
-- ARGV     offset of the clock (ms), then the rate of each bucket: "capacity/refill per second/since when (ms)"

-- A billionth of a token: what a double may lose in that multiplication.
local EPSILON = 1e-9
-- Tokens gained after which the anchor is moved, so that the doubles keep that precision.
local REBASE = 1000000

local now = now_us(tonumber(ARGV[1]))
local stamp = server_stamp()

local function read_rate(text)
  local capacity, refill, since = string.match(text, '^(%d+)/([^/]+)/(%d+)$')
  return { text = text, capacity = tonumber(capacity), refill = tonumber(refill), since = since * 1000 }
end

local function gained(bucket)
  return (now - bucket.anchor) * bucket.rate.refill / 1000000
end

local function level_of(bucket)
  return bucket.rate.capacity - bucket.taken + gained(bucket)
end

local function has_token(bucket)
  return level_of(bucket) + EPSILON >= 1
end

-- Goes on at another rate, in force since a time: what was gained before that was gained at the old one. Nobody owes
-- more than a whole bucket of the new one.
local function change_rate(bucket, rate, since)
  local from = math.max(bucket.anchor, math.min(since, now))
  local missing = bucket.taken - (from - bucket.anchor) * bucket.rate.refill / 1000000
  bucket.taken = math.max(0, math.min(rate.capacity, missing))
  bucket.anchor = from
  bucket.rate = rate
  bucket.changed = true
end

local function full_bucket(i, rate, stored)
  return { key = KEYS[i], rate = rate, anchor = now, taken = 0, refusing = 0, changed = stored }
end

-- The bucket of KEYS[i] as it stands now; `changed` where what is stored differs.
local function open_bucket(i)
  local given = read_rate(ARGV[i + 1])
  local value = redis.call('GET', KEYS[i])
  if not value then
    return full_bucket(i, given, false)
  end
  local was, anchor, taken, refusing, rate = string.match(value, '^(%x+) (%d+) (%S+) (%d+) (%S+)$')
  if was ~= stamp then
    return full_bucket(i, given, true)
  end
  local bucket = {
    key = KEYS[i],
    rate = rate == given.text and given or read_rate(rate),
    -- Where the clock stepped back nothing was gained, and nothing is waited for twice.
    anchor = math.min(tonumber(anchor), now),
    taken = tonumber(taken),
    refusing = tonumber(refusing),
    changed = tonumber(anchor) > now,
  }
  -- Full by its own rate it is forgotten, and the rate with it: so it is where its time to live has ended.
  if gained(bucket) >= bucket.taken then
    return full_bucket(i, given, true)
  end
  -- Of two callers that know different rates the newer counts for both, or each change of hands could mint tokens.
  if bucket.rate ~= given and bucket.rate.since <= given.since then
    change_rate(bucket, given, bucket.rate.since < given.since and given.since or now)
  end
  if gained(bucket) >= bucket.taken then
    return full_bucket(i, given, true)
  end
  if level_of(bucket) < 0 then
    -- The clock stepped back: empty, never emptier.
    bucket.anchor = now
    bucket.taken = bucket.rate.capacity
    bucket.changed = true
  elseif gained(bucket) >= REBASE then
    local whole = math.floor(gained(bucket))
    bucket.anchor = math.min(now, math.ceil(bucket.anchor + whole * 1000000 / bucket.rate.refill))
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
  if gained(bucket) >= bucket.taken then
    redis.call('DEL', bucket.key)
    return
  end
  local value = string.format(
    '%s %.0f %.17g %.0f %s',
    stamp,
    bucket.anchor,
    bucket.taken,
    bucket.refusing,
    bucket.rate.text
  )
  local ttl = math.min(math.ceil((bucket.taken - gained(bucket)) / bucket.rate.refill * 1000) + 1, 1e15)
  redis.call('SET', bucket.key, value, 'PX', string.format('%.0f', ttl))
end

-- Whole tokens left, and milliseconds (rounded up) until there is one more; 0 for a full bucket.
local function describe(bucket)
  local capacity, refill = bucket.rate.capacity, bucket.rate.refill
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
