-- For wrk: one token after the other, every answer's status looked at.
--
--   wrk ... -s stream.lua URL -- TOKENS FIRST COUNT ORDER CLOSE THREADS
--
-- TOKENS is a file of tokens of one length, one a line; COUNT of them are sent, the first being the
-- FIRST of the file. ORDER is "line" (one after the other; going round is counted, as then tokens
-- came twice), or a file of numbers below COUNT, one a line, of which each run begins elsewhere.
-- CLOSE is "close" for a new connection for every request. THREADS is how many there are.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

wrong, other, rounds = 0, 0, 0

function init(args)
  local first, count, parts = tonumber(args[2]), tonumber(args[3]), tonumber(args[6])
  if args[5] == "close" then wrk.headers["Connection"] = "close" end
  wrk.headers["Authorization"] = "Bearer TOKEN"
  local before, after = wrk.format():match("^(.*)TOKEN(.*)$")
  local file = assert(io.open(args[1]))
  local width = #file:read("*L")
  assert(file:seek("end") >= (first + count) * width, "too few tokens")
  if args[4] == "line" then
    in_lines(file, width, first, count, parts, before, after)
  else
    in_order(file, width, first, count, args[4], before, after)
  end
end

-- Nothing is read ahead: wrk starts its first thread before it makes the second, and its clock
-- only then, so that a slow start of the second would make the first look fast.
function in_lines(file, width, first, count, parts, before, after)
  local share = math.max(1, math.floor(count / parts))
  local begin = (first + math.floor(count / parts * number)) * width
  local sent = 0
  file:seek("set", begin)
  if count == 1 then
    local only = before .. file:read("*l") .. after
    function request() return only end
    return
  end
  function request()
    if sent == share then
      file:seek("set", begin)
      sent, rounds = 0, rounds + 1
    end
    sent = sent + 1
    return before .. file:read("*l") .. after
  end
end

function in_order(file, width, first, count, name, before, after)
  local requests, order = {}, {}
  file:seek("set", first * width)
  for index = 0, count - 1 do requests[index] = before .. file:read("*l") .. after end
  for line in io.lines(name) do order[#order + 1] = tonumber(line) end
  math.randomseed(os.time() + number)
  local position = math.random(#order)
  function request()
    position = position % #order + 1
    return requests[order[position]]
  end
end

function response(status)
  if status ~= 200 then
    wrong, other = wrong + 1, status
  end
end

function done(summary, latency)
  local counted = {wrong = 0, other = 0, rounds = 0}
  for _, thread in ipairs(threads) do
    counted.wrong = counted.wrong + thread:get("wrong")
    counted.other = math.max(counted.other, thread:get("other"))
    counted.rounds = math.max(counted.rounds, thread:get("rounds"))
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "wrong": %d, "other_status": %d, "rounds": %d, '
      .. '"broken": %d, "timeouts": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, summary.duration, counted.wrong, counted.other, counted.rounds,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
