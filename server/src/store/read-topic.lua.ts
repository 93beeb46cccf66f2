/** How many entries are read before their size is known. */
const probeEntries = 4;

/**
 * Reads a topic in one step. A topic that has no log gets an epoch, so that whoever has seen nothing of it can tell its
 * log from a later one; it is forgotten when nobody reads or writes the topic for some time. So is where a log ends whose
 * commits have said how long it may be idle.
 *
 * Redis hands out whole entries however large they are: so few are read first, and their size says how many more.
 *
 * KEYS  [head], and [log] when entries are asked for.
 * ARGV  [1] the epoch of a topic that is new, [2] for how many milliseconds one without events keeps it;
 *       when entries are asked for also [3] the offset they follow, [4] how many at most and [5] how many bytes of bodies.
 * @returns `{epoch, offset, closed, ancestors}` and, when asked for, the id of the oldest entry and the entries: in one
 * text, as commits publish them (`readMessage`), for each field of each entry as a reply of its own costs much to read.
 */
export const readTopicScript = `
local head = redis.call("HMGET", KEYS[1], "epoch", "offset", "closed", "ancestors", "idle")
if not (head[1] and head[2]) then
  redis.call("HSET", KEYS[1], "epoch", ARGV[1], "offset", "0")
  head = { ARGV[1], "0", "0", "" }
end
if head[2] == "0" then redis.call("PEXPIRE", KEYS[1], ARGV[2])
elseif head[5] and head[3] ~= "1" then redis.call("PEXPIRE", KEYS[1], head[5]) end
if not KEYS[2] then return { head } end

local oldest = redis.call("XRANGE", KEYS[2], "-", "+", "COUNT", 1)[1]
local page, entries, bytes = { head[1] }, 0, 0
local from, most, mostBytes = "(" .. ARGV[3] .. "-0", tonumber(ARGV[4]), tonumber(ARGV[5])
local count = math.min(most, ${probeEntries})
while oldest and count > 0 do
  local rows = redis.call("XRANGE", KEYS[2], from, "+", "COUNT", count)
  for _, row in ipairs(rows) do
    local fields = {}
    for field = 1, #row[2], 2 do fields[row[2][field]] = row[2][field + 1] end
    local body = fields.body or ""
    if entries > 0 and bytes + #body > mostBytes then return { head, oldest[1], table.concat(page, "\\n") } end
    page[#page + 1] = row[1]:match("^%d+") .. " " .. (fields.last or "0") .. " " .. (fields.type or "")
    page[#page + 1] = body
    entries, bytes = entries + 1, bytes + #body
  end
  if #rows < count then break end
  from = "(" .. rows[#rows][1]
  local mean = math.max(1, bytes / entries)
  count = math.min(most - entries, math.ceil((mostBytes - bytes) / mean))
end
return { head, oldest and oldest[1] or false, table.concat(page, "\\n") }
`;
