-- What the scripts of one-time passwords share. What is outstanding for one account and purpose is one JSON value:
--   {stamp, entries: [{id, code, token, expires, digits ('staged' | 'active' | 'dead'), tries}]}, oldest first.
-- Time decides what is alive; a TTL only collects the dead.

-- The entries that still live; none of those written before a restart of the server.
local function load_entries(key, now, stamp)
  local value = redis.call('GET', key)
  if not value then
    return {}
  end
  local outstanding = cjson.decode(value)
  local entries = {}
  if outstanding.stamp == stamp then
    for _, entry in ipairs(outstanding.entries) do
      if entry.expires > now then
        entries[#entries + 1] = entry
      end
    end
  end
  return entries
end

local function save_entries(key, entries, now, stamp)
  local ttl = 0
  for _, entry in ipairs(entries) do
    ttl = math.max(ttl, entry.expires - now)
  end
  if ttl == 0 then
    redis.call('DEL', key)
  else
    redis.call('SET', key, cjson.encode({ stamp = stamp, entries = entries }), 'PX', ttl)
  end
end
