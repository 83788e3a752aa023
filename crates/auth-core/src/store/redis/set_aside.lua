-- Renames a record that was read and not understood, if it still stands there.
-- KEYS: record, its new place. ARGV: generation and tokens as they were read.
local record = redis.call('HMGET', KEYS[1], 'generation', 'tokens')
if record[1] ~= ARGV[1] or record[2] ~= ARGV[2] then
  return 'gone'
end
if redis.call('RENAMENX', KEYS[1], KEYS[2]) == 1 then
  return 'aside'
end
return 'stuck'
