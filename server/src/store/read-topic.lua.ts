/**
 * Reads a topic in one step. A topic that has no log gets an epoch, so that whoever has seen nothing of it can tell its
 * log from a later one; it is forgotten when nobody reads or writes the topic for some time.
 *
 * KEYS  [head], and [log] when entries are asked for.
 * ARGV  [1] the epoch of a topic that is new, [2] for how many milliseconds one without events keeps it;
 *       when entries are asked for also [3] the first id and [4] how many at most.
 * @returns `{epoch, offset, closed, ancestors}` and, when asked for, the oldest entry and the entries.
 */
export const readTopicScript = `
local head = redis.call("HMGET", KEYS[1], "epoch", "offset", "closed", "ancestors")
if not head[1] then
  redis.call("HSET", KEYS[1], "epoch", ARGV[1], "offset", "0")
  head[1], head[2] = ARGV[1], "0"
end
if head[2] == "0" then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
if not KEYS[2] then return { head } end
return {
  head,
  redis.call("XRANGE", KEYS[2], "-", "+", "COUNT", 1),
  redis.call("XRANGE", KEYS[2], ARGV[3], "+", "COUNT", ARGV[4])
}
`;
