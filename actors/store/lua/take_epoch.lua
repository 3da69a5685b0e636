-- Take a shard's log over: raise its epoch, so that every older writer is refused from now on.
-- KEYS[1]  hash: the log's head (epoch, seq, stamp_us)
-- ARGV[1]  the epoch the caller holds, or "" to take over from whoever holds it
-- Reply    {"taken", epoch, last seq, last stamp in µs} or {"fenced", epoch of the owner, 0, 0}
-- Numbers travel as text: Lua's would lose digits of a stamp beyond 2^53.
local epoch, seq, stamp = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'stamp_us'))
if ARGV[1] ~= '' and ARGV[1] ~= (epoch or '0') then
    return {'fenced', epoch or '0', '0', '0'}
end
local taken = redis.call('HINCRBY', KEYS[1], 'epoch', 1)
return {'taken', tostring(taken), seq or '0', stamp or '0'}
