-- Reads a record. What is none is renamed, not deleted, and never over an earlier one.
-- KEYS: record, place for what is none. ARGV: the most bytes that are fetched.
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind == 'none' then
  return {'absent'}
end
local problem
if kind ~= 'hash' then
  problem = 'it is a ' .. kind .. ' and not a hash'
elseif redis.call('HSTRLEN', KEYS[1], 'generation') + redis.call('HSTRLEN', KEYS[1], 'tokens') > tonumber(ARGV[1]) then
  problem = 'it has more than ' .. ARGV[1] .. ' bytes'
else
  local record = redis.call('HMGET', KEYS[1], 'generation', 'tokens')
  if record[1] and record[2] then
    return {'found', record[1], record[2]}
  end
  problem = 'it lacks the field `generation` or `tokens`'
end
if redis.call('RENAMENX', KEYS[1], KEYS[2]) == 1 then
  return {'aside', problem}
end
return {'stuck', problem}
