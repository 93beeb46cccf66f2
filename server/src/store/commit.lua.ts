/**
 * One commit as one atomic step. Scripts run alone in Redis, so a refused guard has changed nothing, and a server
 * that dies after sending it leaves either the whole commit or none of it.
 *
 * While a slot moves, its old node refuses every command on a key that is not there: a script is turned away before it
 * begins unless it finds all of its keys, and is ended in the middle by a command on a key that it has emptied itself. So
 * nothing here asks for a key again after it may have removed it.
 *
 * KEYS  [made] when ARGV[1] has `madeMs`, [state, its indexes, those it leaves, counts, due] when it has a
 *       state, then [log, head] of each topic and of each that was closed before.
 * ARGV  [1] the commit as JSON (see `CommitScriptInput`), then the bodies of its events in their order.
 * @returns refused: `{"0", field, value, …}` of the current state. Accepted: `{"1", epoch, offset, …}`, where each
 * topic's log now ends; with "2" in place of "1" where it ended when this commit was first made.
 */
export const commitScript = `
local commit = cjson.decode(ARGV[1])
local key, body = 0, 1
-- The keys that last as long as the commit says.
local retained = {}

local function nextKey()
  key = key + 1
  return KEYS[key]
end

local function refuses(stateKey, expect, past)
  if past then
    local time = redis.call("TIME")
    local deadline = tonumber(redis.call("HGET", stateKey, past) or "")
    if not deadline or deadline > time[1] * 1000 + time[2] / 1000 then return true end
  end
  if expect == "absent" then return redis.call("EXISTS", stateKey) == 1 end
  for field, values in pairs(expect) do
    local current = redis.call("HGET", stateKey, field) or ""
    local found = false
    for _, value in ipairs(values) do found = found or value == current end
    if not found then return true end
  end
  return false
end

local function whole(number)
  return string.format("%.0f", number)
end

-- Lua hands over some thousands of values at most.
local function inParts(values, call)
  for start = 1, #values, 1000 do call(unpack(values, start, math.min(start + 999, #values))) end
end

-- How many of the newest entries fit in what a topic may keep, the one at "offset" included, which always stays; and how
-- many bytes of all that were written are then dropped: each entry says how many were written with it ("w", at first "written").
local function fitting(log, offset, written, size)
  local from = "-"
  while true do
    local oldest = redis.call("XRANGE", log, from, "+", "COUNT", 1)[1]
    if not oldest then return 1, written - size end
    local length, total = 0, 0
    for field = 1, #oldest[2], 2 do
      if oldest[2][field] == "body" then length = #oldest[2][field + 1] end
      if oldest[2][field] == "w" or oldest[2][field] == "written" then total = tonumber(oldest[2][field + 1]) end
    end
    local dropped = math.max(0, total - length)
    if written - dropped <= commit.maxBytes then
      return offset - tonumber(string.match(oldest[1], "^%d+")) + 1, dropped
    end
    from = "(" .. oldest[1]
  end
end

-- A command that is refused in the middle would leave half a commit. Redis before 7.0 cannot be asked.
local refused
local function need(...)
  if redis.acl_check_cmd and not redis.acl_check_cmd(...) then refused = refused or (...) end
end
local position = commit.madeMs and 1 or 0
if commit.madeMs then need("SET", KEYS[1], "") end
if commit.state then
  need("HSET", KEYS[position + 1], "", "")
  need("DEL", KEYS[position + 1])
  if commit.retainMs then need("PEXPIRE", KEYS[position + 1], 0) end
  local listed = #commit.state.indexes + #commit.state.unlist
  for index = 1, listed do
    need("ZADD", KEYS[position + 1 + index], 0, "")
    need("ZREM", KEYS[position + 1 + index], "")
  end
  need("HMGET", KEYS[position + 2 + listed], "")
  need("HSET", KEYS[position + 2 + listed], "", "")
  need("HDEL", KEYS[position + 2 + listed], "")
  need("ZADD", KEYS[position + 3 + listed], 0, "")
  need("ZREM", KEYS[position + 3 + listed], "")
  position = position + 3 + listed
end
for _, topic in ipairs(commit.topics) do
  need("XADD", KEYS[position + 1], "*", "", "")
  need("HSET", KEYS[position + 2], "", "")
  need("HDEL", KEYS[position + 2], "")
  need("DEL", KEYS[position + 1])
  need("PERSIST", KEYS[position + 2])
  if commit.retainMs or topic.idleMs then need("PEXPIRE", KEYS[position + 1], 0) end
  need(commit.publish, topic.channel, "")
  position = position + 2
end
if refused then return redis.error_reply("NOPERM this user may not run " .. refused .. " where a commit does") end

local madeKey = commit.madeMs and nextKey()
local made = madeKey and redis.call("GET", madeKey)
if made then return { "2", unpack(cjson.decode(made), 2) } end

-- A log takes 4 KiB of memory at a time for what may follow. Written back it takes what it needs, and grows by what is
-- appended. It is to have no end of its own, or to be given one after this. Of a long one that is not worth the copy.
local function shrink(log)
  local function allows(...)
    local isKnown, isAllowed = pcall(redis.acl_check_cmd, ...)
    return isKnown and isAllowed
  end
  if redis.acl_check_cmd and allows("DUMP", log) and allows("RESTORE", log, 0, "") then
    redis.pcall("RESTORE", log, 0, redis.call("DUMP", log), "REPLACE")
  end
end

-- How many more an index lists than before, by its name. What is known of the others in it is not looked at, so that an index
-- that was lost stays known as such.
local added = {}

-- Lists a member, or one no longer.
local function list(indexKey, index, score, joining, leaving)
  local joined = joining and redis.call("ZADD", indexKey, score, joining) or 0
  local left = leaving and redis.call("ZREM", indexKey, leaving) or 0
  added[index] = (added[index] or 0) + joined - left
end

local function writeCounts(countsKey)
  local names, counts, listed, emptied = {}, {}, {}, {}
  for index, more in pairs(added) do
    if more ~= 0 then names[#names + 1] = index end
  end
  inParts(names, function(...)
    for _, count in ipairs(redis.call("HMGET", countsKey, ...)) do counts[#counts + 1] = count or "0" end
  end)
  for position, index in ipairs(names) do
    local now = tonumber(counts[position]) + added[index]
    if now == 0 then emptied[#emptied + 1] = index
    else
      listed[#listed + 1] = index
      listed[#listed + 1] = now
    end
  end
  inParts(listed, function(...) redis.call("HSET", countsKey, ...) end)
  inParts(emptied, function(...) redis.call("HDEL", countsKey, ...) end)
end

local state = commit.state
local firstTopic = key + (state and 3 + #state.indexes + #state.unlist or 0)
-- Where each topic ends: epoch, offset, bytes written and dropped, whether it is closed.
local heads = {}
for position = 1, #commit.topics do
  local head = KEYS[firstTopic + 2 * position]
  heads[position] = redis.call("HMGET", head, "epoch", "offset", "written", "dropped", "closed")
  if commit.expectOpen and heads[position][5] == "1" then return { "0" } end
end

-- What is left of a log whose head is gone. It is asked for once more, so that a slot that moves refuses it here and not
-- in the middle. Without leftovers nothing is deleted: a server whose memory is full refuses only what a script writes first.
local function clearLeftovers()
  for position, head in ipairs(heads) do
    local log = KEYS[firstTopic + 2 * position - 1]
    local isNew = not head[1] or (tonumber(head[2] or "") or 0) == 0
    if isNew and redis.call("EXISTS", log) == 1 then
      redis.call("DEL", log)
      redis.call("EXISTS", log)
    end
  end
end

local stateKey
if state then
  local indexKeys, leftKeys = {}, {}
  stateKey = nextKey()
  for position = 1, #state.indexes do indexKeys[position] = nextKey() end
  for position = 1, #state.unlist do leftKeys[position] = nextKey() end
  local countsKey, dueKey = nextKey(), nextKey()
  if refuses(stateKey, state.expect, state.expectPast) then
    local current = redis.call("HGETALL", stateKey)
    table.insert(current, 1, "0")
    return current
  end
  clearLeftovers()
  local isListed = #state.indexes + #state.unlist > 0
  local function memberNow()
    local text = isListed and state.listedText and redis.call("HGET", stateKey, state.listedText)
    return text and state.key .. "\\1\\n" .. text or state.key
  end
  local oldMember = memberNow()
  if not state.remove then inParts(state.set, function(...) redis.call("HSET", stateKey, ...) end) end
  local newMember = state.remove and oldMember or memberNow()
  local stays = commit.retainMs ~= 0 and not state.remove
  for position, index in ipairs(state.indexes) do
    list(indexKeys[position], index, 0, stays and newMember, (not stays or newMember ~= oldMember) and oldMember)
  end
  for position, index in ipairs(state.unlist) do list(leftKeys[position], index, 0, false, oldMember) end
  if state.due == "none" then list(dueKey, "", 0, false, state.key)
  elseif state.due then list(dueKey, "", whole(state.due), state.key) end
  writeCounts(countsKey)
  if state.remove then redis.call("DEL", stateKey) else retained[stateKey] = true end
else clearLeftovers() end

local reply = { "1" }
for position, topic in ipairs(commit.topics) do
  local log, head = nextKey(), nextKey()
  local known = heads[position]
  local epoch, offset = known[1], tonumber(known[2] or "")
  local written, dropped = tonumber(known[3] or "0"), tonumber(known[4] or "0")
  if not (epoch and offset) then
    epoch, offset, written, dropped, known = topic.newEpoch, 0, 0, 0, {}
    redis.call("HSET", head, "epoch", epoch)
    redis.call("HDEL", head, "ancestors", "idle", "closed", "dropped")
  end
  local wasEmpty = offset == 0
  local message = { epoch }
  local closed = "0"
  for _, event in ipairs(topic.events) do
    offset = offset + 1
    body = body + 1
    written = written + #ARGV[body]
    local id, keep = whole(offset), commit.maxEvents
    if written - dropped > commit.maxBytes then
      local fit
      fit, dropped = fitting(log, offset, written, #ARGV[body])
      keep = math.min(keep, fit)
    end
    local fields = { "type", event.type, "body", ARGV[body], "w", whole(written) }
    if event.last == "1" then fields[7], fields[8] = "last", "1" end
    redis.call("XADD", log, "MAXLEN", keep, id .. "-0", unpack(fields))
    closed = event.last
    message[#message + 1] = id .. " " .. event.last .. " " .. event.type
    message[#message + 1] = ARGV[body]
  end
  reply[#reply + 1] = epoch
  reply[#reply + 1] = whole(offset)
  -- A field that is not there is 0.
  local place = { "offset", whole(offset), "written", whole(written) }
  if dropped ~= tonumber(known[4] or "0") then place[5], place[6] = "dropped", whole(dropped) end
  if closed ~= (known[5] or "0") then place[#place + 1], place[#place + 2] = "closed", closed end
  redis.call("HSET", head, unpack(place))
  if wasEmpty then redis.call("PERSIST", head) end
  local isFinal = closed == "1" and topic.idleMs
  if (wasEmpty or isFinal) and written < 8192 then shrink(log) end
  redis.call(commit.publish, topic.channel, table.concat(message, "\\n"))
  if topic.idleMs then
    redis.call("HSET", head, "idle", whole(topic.idleMs))
    redis.call("PEXPIRE", log, topic.idleMs)
    redis.call("PEXPIRE", head, topic.idleMs)
  end
  if closed == "1" then
    retained[log] = true
    retained[head] = true
  end
end

if state and state.stamp and not state.remove and #reply > 1 then
  redis.call("HSET", stateKey, state.stamp, reply[2] .. ":" .. reply[3])
end

for _ = 1, 2 * commit.closedTopics do retained[nextKey()] = true end

if commit.retainMs then
  for name in pairs(retained) do redis.call("PEXPIRE", name, commit.retainMs) end
end
if madeKey then redis.call("SET", madeKey, cjson.encode(reply), "PX", commit.madeMs) end
return reply
`;
