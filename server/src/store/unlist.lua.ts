/**
 * Takes keys out of an index whose states have expired, but for those that were written again meanwhile.
 *
 * KEYS  [index], then the state of each key.
 * ARGV  the keys.
 */
export const unlistScript = `
for position, key in ipairs(ARGV) do
  if redis.call("EXISTS", KEYS[position + 1]) == 0 then redis.call("ZREM", KEYS[1], key) end
end
return #ARGV
`;
