-- Lease amounts of several pools to a shard, or take leases back.
-- KEYS[1]  hash: "leased:POOL:SHARD" is what a shard holds, used or not; "settled:SHARD" is 0
--          while a shard may hold something it hasn't used; "waiting" is 1 while one waits
-- ARGV[1]  the shard; ARGV[2] how many shards there are
-- ARGV[3…] per pool: its name, its limit, the amount missing (below zero: given back)
-- Amounts are whole units of the pool: pieces, or hundredths of the currency.
-- Reply    {"whole" | "part" | "wait", the amount granted of each pool…}
--          whole  everything that was missing
--          part   as much as there is: every other shard has given back what it doesn't use
--          wait   nothing: another shard may still give something back
-- While plenty is left a shard gets a chunk besides, a quarter of an even share of the rest.
local shard, shards = ARGV[1], tonumber(ARGV[2])
local missing, rest, word = {}, {}, 'whole'
for i = 3, #ARGV, 3 do
    local leased = 0
    for other = 0, shards - 1 do
        local held = redis.call('HGET', KEYS[1], 'leased:' .. ARGV[i] .. ':' .. other)
        leased = leased + tonumber(held or '0')
    end
    local n = i / 3
    missing[n] = tonumber(ARGV[i + 2])
    rest[n] = math.max(0, tonumber(ARGV[i + 1]) - leased)
    if missing[n] > rest[n] then
        word = 'part'
    end
end
if word == 'part' then
    for other = 0, shards - 1 do
        local settled = redis.call('HGET', KEYS[1], 'settled:' .. other)
        if tostring(other) ~= shard and settled == '0' then
            word = 'wait'
        end
    end
end
redis.call('HSET', KEYS[1], 'waiting', word == 'wait' and '1' or '0')
local reply = {word}
for n = 1, #missing do
    local granted = 0
    if missing[n] < 0 then
        granted = missing[n]
    elseif missing[n] > 0 and word ~= 'wait' then
        local chunk = math.floor((rest[n] - missing[n]) / (4 * shards))
        granted = math.min(rest[n], missing[n] + math.max(0, chunk))
    end
    if granted ~= 0 then
        local field = 'leased:' .. ARGV[3 * n] .. ':' .. shard
        redis.call('HINCRBY', KEYS[1], field, string.format('%.0f', granted))
    end
    if granted > 0 then
        redis.call('HSET', KEYS[1], 'settled:' .. shard, '0')
    end
    reply[n + 1] = string.format('%.0f', granted)
end
return reply
