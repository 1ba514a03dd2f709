-- Stands at the head of every script.

-- The store's time in whole microseconds: Redis' own plus `offset` milliseconds (0 outside tests).
local function now_us(offset)
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2] + math.floor(offset * 1000)
end

-- The store's time in whole milliseconds.
local function now_ms(offset)
  return math.floor(now_us(offset) / 1000)
end

-- The run id of the server that executes this: a restarted server and a promoted replica have another. Read here and
-- not by the client, so that no reconnect, redirection or failover can slip between reading and using it.
local function server_stamp()
  local info = redis.call('INFO', 'server')
  local _, last = string.find(info, '\nrun_id:', 1, true)
  return string.sub(info, last + 1, last + 40)
end
