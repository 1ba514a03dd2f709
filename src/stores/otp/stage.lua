-- Makes an entry acceptable beside the others.
-- KEYS     outstanding
-- ARGV     offset of the clock (ms), id, digest of the digits, digest of the token, expires, most entries kept
-- returns  nothing
local now = now_ms(tonumber(ARGV[1]))
local stamp = server_stamp()
local entries = {}
for _, entry in ipairs(load_entries(KEYS[1], now, stamp)) do
  if entry.id ~= ARGV[2] then
    entries[#entries + 1] = entry
  end
end
local expires = tonumber(ARGV[5])
if expires > now then
  entries[#entries + 1] = {
    id = ARGV[2],
    code = ARGV[3],
    token = ARGV[4],
    expires = expires,
    digits = 'staged',
    tries = 0,
  }
end
while #entries > tonumber(ARGV[6]) do
  table.remove(entries, 1)
end
save_entries(KEYS[1], entries, now, stamp)
