-- Requests for wrk from a file of deliveries: a line each, signature, blank, body; each is sent once.
-- Arguments: the file, the name of the signature's header, then further headers as "name: value".

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  local lines = { "POST " .. wrk.path .. " HTTP/1.1", "host: " .. wrk.host .. ":" .. wrk.port }
  for at = 3, #args do
    lines[#lines + 1] = args[at]
  end
  lines[#lines + 1] = args[2] .. ": "
  head = table.concat(lines, "\r\n")
  -- Read as it goes: a table of this many constants would not fit into a Lua function.
  file = assert(io.open(args[1], "rb"))
  file:setvbuf("full", 1048576)
  ran_out = false
end

local function compose()
  local line = file:read("*l")
  if not line then
    ran_out = true
    wrk.thread:stop()
    return ""
  end
  local gap = string.find(line, " ", 1, true)
  local body = string.sub(line, gap + 1)
  return head .. string.sub(line, 1, gap - 1) .. "\r\ncontent-length: " .. #body .. "\r\n\r\n" .. body
end

-- wrk asks for one request before it starts, to look at it, and never sends that one.
local looked_at

function request()
  if looked_at == nil then
    looked_at = compose()
    return looked_at
  end
  if looked_at then
    local first = looked_at
    looked_at = false
    return first
  end
  return compose()
end

function done(summary, latency)
  local out = false
  for _, thread in ipairs(threads) do
    out = out or thread:get("ran_out")
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"answered":%d,"refused":%d,"errors":%d,"for_us":%d,"ran_out":%s,' ..
    '"p50_us":%d,"p99_us":%d,"p999_us":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    summary.duration, tostring(out),
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
