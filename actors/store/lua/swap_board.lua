-- Replace a board's sorted set by its rebuilt copy at once, so that no reader sees half.
-- KEYS[1]  sorted set: the rebuilt copy; missing when the board is empty
-- KEYS[2]  sorted set: the board
-- Reply    number of members on the board now
if redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('RENAME', KEYS[1], KEYS[2])
else
    redis.call('DEL', KEYS[2])
end
return redis.call('ZCARD', KEYS[2])
