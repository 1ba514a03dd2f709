-- An entry's mail was accepted: the digits of the entries staged before it die, their tokens live on. Those staged after
-- it live: of two mails under way the older may be accepted last, and must not kill the newer one's digits.
-- KEYS     outstanding
-- ARGV     offset of the clock (ms), id
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local entries = load_entries(KEYS[1], now, stamp)
local position
for i, entry in ipairs(entries) do
  if entry.id == ARGV[2] then
    position = i
  end
end
if not position then
  return
end
for i = 1, position - 1 do
  entries[i].digits = 'dead'
end
if entries[position].digits == 'staged' then
  entries[position].digits = 'active'
end
save_entries(KEYS[1], entries, now, stamp)
