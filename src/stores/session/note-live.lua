-- Notes when sessions and their user expire, for counting. In a slot of its own, so it trails the sessions by a moment.
-- KEYS     live sessions, live users (sorted sets by expiry), stamp of both
-- ARGV     offset of the clock (ms), user id, 'raise' or 'set', the user's expiry (0: none),
--          then id and expiry (0: ended) of each session
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()

-- Counts from before a restart would bring ended sessions back.
if redis.call('GET', KEYS[3]) ~= stamp then
  redis.call('DEL', KEYS[1], KEYS[2])
end

local function note(key, member, expiry)
  if expiry > now then
    redis.call('ZADD', key, expiry, member)
  else
    redis.call('ZREM', key, member)
  end
end

local user_expiry = tonumber(ARGV[4])
if ARGV[3] == 'raise' then
  user_expiry = math.max(user_expiry, tonumber(redis.call('ZSCORE', KEYS[2], ARGV[2]) or 0))
end
note(KEYS[2], ARGV[2], user_expiry)
for i = 5, #ARGV, 2 do
  note(KEYS[1], ARGV[i], tonumber(ARGV[i + 1]))
end

local ttl = 1000
for i = 1, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  local last = redis.call('ZREVRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  if last[2] then
    ttl = math.max(ttl, tonumber(last[2]) - now)
    redis.call('PEXPIRE', KEYS[i], tonumber(last[2]) - now)
  end
end
redis.call('SET', KEYS[3], stamp, 'PX', ttl)
