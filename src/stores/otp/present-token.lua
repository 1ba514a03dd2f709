-- Presents a token: compared with every entry, never counted. Right, it consumes everything outstanding.
-- KEYS     outstanding
-- ARGV     offset of the clock (ms), digests (one for each key still valid)
-- returns  'accepted', 'wrong' or 'unknown'
local entries = load_entries(KEYS[1], now_ms(tonumber(ARGV[1])), server_stamp())
if #entries == 0 then
  return 'unknown'
end
for _, entry in ipairs(entries) do
  for i = 2, #ARGV do
    if entry.token == ARGV[i] then
      redis.call('DEL', KEYS[1])
      return 'accepted'
    end
  end
end
return 'wrong'
