-- What the session scripts share. All keys of one user lie in the slot of {userId}:
--   session:{userId}        sorted set of the user's sessions by their end in any case: what there is to end at once
--   session:{userId}:<id>   hash of one session: stamp, generation, confirmed (empty while pending), expires, ends,
--                           fresh; or its tombstone: ended. Milliseconds since the epoch.
--   user:{userId}           hash of what sessions show of the user: stamp, version, data (JSON)
-- Time decides what is live; a TTL only collects what nobody can ask for any more.

-- A tombstone or a user's version must outlive every restore that was under way when it was written.
local SHORTEST_TTL = 60000

-- 'missing', 'ended', or 'live' with the session.
local function open_session(key, now, stamp)
  local held = redis.call('HMGET', key, 'ended', 'stamp', 'generation', 'confirmed', 'expires', 'ends', 'fresh')
  if held[1] then
    return 'ended'
  end
  if held[2] ~= stamp then
    return 'missing'
  end
  local session = {
    generation = tonumber(held[3]),
    confirmed = held[4],
    expires = tonumber(held[5]),
    ends = tonumber(held[6]),
    fresh = held[7],
  }
  if now >= session.expires or now >= session.ends then
    return 'ended'
  end
  return 'live', session
end

-- Whether a change of the user is under way: then only the record knows the user.
local function is_changing(changing_until, now)
  return changing_until and now < tonumber(changing_until)
end

-- A session with what it shows of its user: {'missing' | 'ended'}, or
-- {'live', user data, generation, confirmed, expires, ends, fresh}.
local function find_session(key, user_key, now, stamp)
  local status, session = open_session(key, now, stamp)
  if status ~= 'live' then
    return { status }
  end
  local user = redis.call('HMGET', user_key, 'stamp', 'data', 'changing_until')
  if user[1] ~= stamp or not user[2] or is_changing(user[3], now) then
    return { 'missing' }
  end
  return {
    'live',
    user[2],
    session.generation,
    session.confirmed,
    session.expires,
    session.ends,
    tonumber(session.fresh),
  }
end

-- Keeps a key for at least `ttl` ms.
local function keep(key, ttl)
  if redis.call('PTTL', key) < ttl then
    redis.call('PEXPIRE', key, ttl)
  end
end

-- Writes what sessions show of the user unless a newer version is held or a change is under way, and keeps it for at least
-- `ttl` ms. A version without data is the least that may come.
local function put_user(key, now, stamp, version, data, ttl)
  local held = redis.call('HMGET', key, 'stamp', 'version', 'data', 'changing_until')
  local held_version = held[1] == stamp and tonumber(held[2]) or 0
  local newer = tonumber(version) > held_version or (tonumber(version) == held_version and not held[3])
  if newer then
    redis.call('HSET', key, 'stamp', stamp, 'version', version)
    if not is_changing(held[4], now) then
      redis.call('HSET', key, 'data', data)
    end
  end
  keep(key, ttl)
end

-- Leaves a tombstone until the session's own end, or for `unknown_ttl` ms if that is not known.
local function end_session(index, id, now, unknown_ttl)
  local key = index .. ':' .. id
  local held = redis.call('HMGET', key, 'ended', 'ends')
  if not held[1] then
    local ttl = held[2] and tonumber(held[2]) - now or unknown_ttl
    redis.call('DEL', key)
    redis.call('HSET', key, 'ended', 1)
    redis.call('PEXPIRE', key, math.max(ttl, SHORTEST_TTL))
  end
  redis.call('ZREM', index, id)
end

-- When the last of the user's live sessions expires; 0 if there is none: then the user's data need not stay either.
local function last_expiry(index, user_key, now, stamp)
  local last = 0
  for _, id in ipairs(redis.call('ZRANGE', index, 0, -1)) do
    local status, session = open_session(index .. ':' .. id, now, stamp)
    if status == 'live' then
      last = math.max(last, session.expires)
    end
  end
  if last == 0 and redis.call('PTTL', user_key) > SHORTEST_TTL then
    redis.call('PEXPIRE', user_key, SHORTEST_TTL)
  end
  return last
end
