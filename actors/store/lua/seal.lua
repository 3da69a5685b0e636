-- Give personal values their tokens, and keep who holds them.
-- KEYS[1]  hash: digest of attribute and value -> token
-- KEYS[2]  hash: token -> digest
-- KEYS[3]  sorted set, all scores 0: "TOKEN\nMEMBER", who holds a token
-- KEYS[4]  hash: member -> JSON object, token -> encrypted value ("" where none is kept)
-- KEYS[5]  hash: member -> JSON object, token -> the key of that value
-- ARGV[1]  MessagePack array, per value: its digest, a new token, the member, the encrypted
--          value, its key (one argument: clients take long over hundreds of thousands)
-- Reply    MessagePack array, per value: its token, and whether the member holds it only now
local function held_by(hash, member, cache)
    if not cache[member] then
        local text = redis.call('HGET', hash, member)
        cache[member] = text and cjson.decode(text) or {}
    end
    return cache[member]
end
local given = cmsgpack.unpack(ARGV[1])
local values, secrets, changed, reply = {}, {}, {}, {}
for i = 1, #given, 5 do
    local digest, token, member = given[i], given[i + 1], given[i + 2]
    local known = redis.call('HGET', KEYS[1], digest)
    if known then
        token = known
    else
        redis.call('HSET', KEYS[1], digest, token)
        redis.call('HSET', KEYS[2], token, digest)
    end
    local own = held_by(KEYS[4], member, values)
    local new = false
    if own[token] == nil then
        new = true
        own[token] = given[i + 3]
        if given[i + 3] ~= '' then
            held_by(KEYS[5], member, secrets)[token] = given[i + 4]
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
return cmsgpack.pack(reply)
