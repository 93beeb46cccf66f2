/**
 * The keys that are due by Redis's own clock, the longest due first. The counts have that of all keys with a time under no name.
 *
 * KEYS  [due, counts]
 * ARGV  [1] how many at most.
 * @returns `{"1" when the index is lost, keys}`
 */
export const listDueScript = `
local counted = tonumber(redis.call("HGET", KEYS[2], "") or "0")
local lost = counted == redis.call("ZCARD", KEYS[1]) and "0" or "1"
local time = redis.call("TIME")
local due = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", time[1] * 1000 + math.floor(time[2] / 1000), "LIMIT", 0, ARGV[1])
return { lost, due }
`;
