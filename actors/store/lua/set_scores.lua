-- Bring members of one board's sorted set up to date.
-- KEYS[1]  sorted set: the board of one shard
-- KEYS[2]  string: the mark that the shard's boards were once written in full
-- ARGV[1]  msgpack array: score in season points, member, score, member, …
-- ARGV[2]  msgpack array: members to take off the board
-- Reply    1 when the mark is there, else 0: the server lost the boards and wants a rebuild
-- One packed argument instead of thousands: it costs the caller a seventh of the time.
local CHUNK = 1000 -- even, and well below Lua's stack limit of about 8,000
local scores, gone = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2])
for i = 1, #scores, CHUNK do
    redis.call('ZADD', KEYS[1], unpack(scores, i, math.min(i + CHUNK - 1, #scores)))
end
for i = 1, #gone, CHUNK do
    redis.call('ZREM', KEYS[1], unpack(gone, i, math.min(i + CHUNK - 1, #gone)))
end
return redis.call('EXISTS', KEYS[2])
