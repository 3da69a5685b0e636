-- Forget what members hold in the vault: values, their keys, and tokens that nobody else holds.
-- KEYS[1]  hash: digest of attribute and value -> token
-- KEYS[2]  hash: token -> digest
-- KEYS[3]  sorted set, all scores 0: "TOKEN\nMEMBER", who holds a token
-- KEYS[4]  hash: member -> JSON object, token -> encrypted value ("" where none is kept)
-- KEYS[5]  hash: member -> JSON object, token -> the key of that value
-- KEYS[6]  hash: "forgotten" counts the members whose erasure began
-- ARGV     per entry: the member, and the token, or "" for all that the member holds
-- Reply    how many values were forgotten
local function drop(member, token)
    redis.call('ZREM', KEYS[3], token .. '\n' .. member)
    local others = redis.call('ZRANGEBYLEX', KEYS[3], '[' .. token .. '\n', '(' .. token .. '\v',
                              'LIMIT', 0, 1)
    if #others == 0 then
        local digest = redis.call('HGET', KEYS[2], token)
        if digest then
            redis.call('HDEL', KEYS[1], digest)
            redis.call('HDEL', KEYS[2], token)
        end
    end
end
local function without(hash, member, token)
    local text = redis.call('HGET', hash, member)
    if not text then
        return
    end
    local held = cjson.decode(text)
    held[token] = nil
    if next(held) == nil then
        redis.call('HDEL', hash, member)
    else
        redis.call('HSET', hash, member, cjson.encode(held))
    end
end
local forgotten = 0
for i = 1, #ARGV, 2 do
    local member, token = ARGV[i], ARGV[i + 1]
    if token == '' then
        local text = redis.call('HGET', KEYS[4], member)
        for held, _ in pairs(text and cjson.decode(text) or {}) do
            drop(member, held)
            forgotten = forgotten + 1
        end
        redis.call('HDEL', KEYS[4], member)
        redis.call('HDEL', KEYS[5], member)
        redis.call('HINCRBY', KEYS[6], 'forgotten', 1)
    else
        without(KEYS[4], member, token)
        without(KEYS[5], member, token)
        drop(member, token)
        forgotten = forgotten + 1
    end
end
return forgotten
