-- Presents digits: the try is counted against each living set of digits and once against the account's day, and only
-- then compared. Right, they consume everything outstanding, and the try was no wrong one.
-- KEYS     outstanding, wrong tries of the account (list of times in ms, oldest first)
-- ARGV     offset of the clock (ms), tries of one set of digits, wrong tries of a day, a day (ms),
--          digests (one for each key still valid)
-- returns  'accepted', 'wrong', 'exhausted' or 'unknown'
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local day = tonumber(ARGV[4])

local entries = load_entries(KEYS[1], now, stamp)
if #entries == 0 then
  return 'unknown'
end
local living = {}
for _, entry in ipairs(entries) do
  if entry.digits ~= 'dead' and entry.tries < tonumber(ARGV[2]) then
    living[#living + 1] = entry
  end
end
if #living == 0 then
  return 'exhausted'
end

local oldest = redis.call('LINDEX', KEYS[2], 0)
while oldest and tonumber(oldest) <= now - day do
  redis.call('LPOP', KEYS[2])
  oldest = redis.call('LINDEX', KEYS[2], 0)
end
if redis.call('LLEN', KEYS[2]) >= tonumber(ARGV[3]) then
  return 'exhausted'
end

redis.call('RPUSH', KEYS[2], now)
redis.call('PEXPIRE', KEYS[2], day)
for _, entry in ipairs(living) do
  entry.tries = entry.tries + 1
end
save_entries(KEYS[1], entries, now, stamp)

for _, entry in ipairs(living) do
  for i = 5, #ARGV do
    if entry.code == ARGV[i] then
      redis.call('DEL', KEYS[1])
      redis.call('RPOP', KEYS[2])
      return 'accepted'
    end
  end
end
return 'wrong'
