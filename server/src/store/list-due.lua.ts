/**
 * The keys that are due by Redis's own clock, the longest due first.
 *
 * KEYS  [due]
 * ARGV  [1] how many at most.
 */
export const listDueScript = `
local time = redis.call("TIME")
return redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", time[1] * 1000 + math.floor(time[2] / 1000), "LIMIT", 0, ARGV[1])
`;
