-- Give personal values their tokens, and keep who holds them.
-- KEYS[1]  hash: digest of attribute and value -> token
-- KEYS[2]  hash: token -> digest
-- KEYS[3]  sorted set, all scores 0: "TOKEN\nMEMBER", who holds a token
-- KEYS[4]  hash: member -> JSON object, token -> encrypted value ("" where none is kept)
-- KEYS[5]  hash: member -> JSON object, token -> the key of that value
-- ARGV     per value: its digest, a new token, the member, the encrypted value, its key
-- Reply    per value: its token, "1" where the member holds it only from now on, else "0"
local function held_by(hash, member, cache)
    if not cache[member] then
        local text = redis.call('HGET', hash, member)
        cache[member] = text and cjson.decode(text) or {}
    end
    return cache[member]
end
local values, secrets, changed, reply = {}, {}, {}, {}
for i = 1, #ARGV, 5 do
    local digest, token, member = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    local known = redis.call('HGET', KEYS[1], digest)
    if known then
        token = known
    else
        redis.call('HSET', KEYS[1], digest, token)
        redis.call('HSET', KEYS[2], token, digest)
    end
    local own = held_by(KEYS[4], member, values)
    local new = '0'
    if own[token] == nil then
        new = '1'
        own[token] = ARGV[i + 3]
        if ARGV[i + 3] ~= '' then
            held_by(KEYS[5], member, secrets)[token] = ARGV[i + 4]
        end
        redis.call('ZADD', KEYS[3], 0, token .. '\n' .. member)
        changed[member] = true
    end
    reply[#reply + 1] = token
    reply[#reply + 1] = new
end
for member, _ in pairs(changed) do
    redis.call('HSET', KEYS[4], member, cjson.encode(values[member]))
    if secrets[member] then
        redis.call('HSET', KEYS[5], member, cjson.encode(secrets[member]))
    end
end
return reply
