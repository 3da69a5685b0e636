-- Append entries to a shard's log, all or none, at most once each.
-- KEYS[1]  stream: the log; an entry's id is its seq followed by "-0"
-- KEYS[2]  hash: the log's head (epoch, seq, stamp_us)
-- ARGV[1]  the writer's epoch
-- ARGV[2]  seq of the first entry; the others follow on
-- ARGV[3…] per entry: kind, stamp in µs since 1970 UTC, payload
-- Reply    {"appended", last seq}  all entries were written now
--          {"there", last seq}     all were there: an earlier try of the same append was heard
--          {"fenced", epoch}       another epoch owns the log; nothing written
--          {"gap", last seq}       the first entry would not follow the last one; nothing written
local epoch, last = unpack(redis.call('HMGET', KEYS[2], 'epoch', 'seq'))
epoch, last = epoch or '0', tonumber(last or '0')
if epoch ~= ARGV[1] then
    return {'fenced', epoch}
end
local first = tonumber(ARGV[2])
local entries = (#ARGV - 2) / 3
if last >= first + entries - 1 then
    return {'there', string.format('%.0f', last)}
end
if first ~= last + 1 then
    return {'gap', string.format('%.0f', last)}
end
for i = 0, entries - 1 do
    local at = 3 + 3 * i
    redis.call('XADD', KEYS[1], string.format('%.0f-0', first + i),
               'kind', ARGV[at], 'stamp_us', ARGV[at + 1], 'payload', ARGV[at + 2])
end
last = string.format('%.0f', first + entries - 1)
redis.call('HSET', KEYS[2], 'seq', last, 'stamp_us', ARGV[#ARGV - 1])
return {'appended', last}
