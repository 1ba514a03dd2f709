-- An entry's mail did not go out: the entry dies whole.
-- KEYS     outstanding
-- ARGV     offset of the clock (ms), id
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local entries = {}
for _, entry in ipairs(load_entries(KEYS[1], now, stamp)) do
  if entry.id ~= ARGV[2] then
    entries[#entries + 1] = entry
  end
end
save_entries(KEYS[1], entries, now, stamp)
