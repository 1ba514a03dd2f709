-- An entry's mail was accepted: the digits of every other entry die, their tokens live on.
-- KEYS     outstanding
-- ARGV     offset of the clock (ms), id
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local entries = load_entries(KEYS[1], now, stamp)
local known = false
for _, entry in ipairs(entries) do
  known = known or entry.id == ARGV[2]
end
if not known then
  return
end
for _, entry in ipairs(entries) do
  if entry.id ~= ARGV[2] then
    entry.digits = 'dead'
  elseif entry.digits == 'staged' then
    entry.digits = 'active'
  end
end
save_entries(KEYS[1], entries, now, stamp)
