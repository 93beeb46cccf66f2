/**
 * Takes keys out of an index whose states have expired, but for those that were written again meanwhile.
 *
 * KEYS  [index, counts], then the state of each key.
 * ARGV  [1] the name of the index, then the keys.
 */
export const unlistScript = `
for position = 2, #ARGV do
  if redis.call("EXISTS", KEYS[position + 1]) == 0 then redis.call("ZREM", KEYS[1], ARGV[position]) end
end
local count = redis.call("ZCARD", KEYS[1])
if count == 0 then redis.call("HDEL", KEYS[2], ARGV[1]) else redis.call("HSET", KEYS[2], ARGV[1], count) end
return count
`;
