-- Move a dead letter to what is sent again, once however often it is asked for.
-- KEYS[1]  stream: the dead letters
-- KEYS[2]  stream: what is to be sent again
-- ARGV[1]  id of the dead letter's entry
-- Reply    1, or 0 where the entry is gone
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 then
    return 0
end
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('XADD', KEYS[2], '*', unpack(found[1][2]))
return 1
