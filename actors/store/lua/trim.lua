-- Drop the entries of a shard's log that snapshot and archive cover.
-- KEYS[1]  stream: the log
-- KEYS[2]  hash: the log's head (epoch, seq, stamp_us)
-- ARGV[1]  the writer's epoch
-- ARGV[2]  id of the first entry to keep
-- Reply    {"trimmed", number of entries dropped} or {"fenced", epoch of the owner}
local epoch = redis.call('HGET', KEYS[2], 'epoch') or '0'
if epoch ~= ARGV[1] then
    return {'fenced', epoch}
end
return {'trimmed', string.format('%d', redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[2]))}
