/**
 * Gives a topic that was set back a new epoch, unless another process has done so already.
 *
 * KEYS  [head]
 * ARGV  [1] the epoch and [2] the last offset that the log still shares with what was delivered under it,
 *       [3] the new epoch, [4] how many ancestors are remembered.
 */
export const forkScript = `
local known = redis.call("HMGET", KEYS[1], "epoch", "ancestors")
if known[1] ~= ARGV[1] then return 0 end
local ancestors = { ARGV[1] .. ":" .. ARGV[2] }
for ancestor in string.gmatch(known[2] or "", "%S+") do
  if #ancestors < tonumber(ARGV[4]) then ancestors[#ancestors + 1] = ancestor end
end
redis.call("HSET", KEYS[1], "epoch", ARGV[3], "ancestors", table.concat(ancestors, " "))
return 1
`;

/** Forks are rare, and cursors from before many of them are old. */
export const maxAncestors = 8;
