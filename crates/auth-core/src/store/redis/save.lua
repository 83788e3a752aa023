-- Writes a record if the present generation is the expected one. Where this very save has written it already, an earlier
-- answer was lost, or what follows the writing failed.
-- KEYS: record. ARGV: expected generation or nothing, generation, tokens, which save this is, time to live in
-- milliseconds.
local present = ''
local kind = redis.call('TYPE', KEYS[1])['ok']
if kind == 'hash' then
  local record = redis.call('HMGET', KEYS[1], 'generation', 'save')
  if record[2] == ARGV[4] then
    return redis.call('PEXPIRE', KEYS[1], ARGV[5])
  end
  present = record[1]
elseif kind ~= 'none' then
  return 0
end
if present ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'generation', ARGV[2], 'tokens', ARGV[3], 'save', ARGV[4])
return redis.call('PEXPIRE', KEYS[1], ARGV[5])
