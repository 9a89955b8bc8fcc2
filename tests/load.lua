-- What wrk sends for `tests.load`, and how it looks at each answer: `wrk -s load.lua URL -- FOLDER`.
--
-- The file `cases` in the folder says what to send, a case a line, and is read again while wrk runs.
-- Each request has a number, which the server echoes: so each answer is held against what its own
-- request must get, over whichever connection it came. A thread writes what it saw into a file.

local LOOK_EVERY = 50
local MOST_TOLD = 5

-- The threads, in the Lua state of the main thread.
local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

-- From here on, in the Lua state that each thread has for itself.
local folder
local phase, cases = 0, {}
local sent, pending, told = 0, {}, {}
answered, passed, wrong = 0, 0, 0

local function read_cases()
   local file = assert(io.open(folder .. "/cases"))
   local found = tonumber(file:read("*l"))
   if found ~= phase then
      phase, cases = found, {}
      for line in file:lines() do
         local name, status, user, code, token = line:match("(.-)\t(.-)\t(.-)\t(.-)\t(.*)")
         table.insert(cases, {
            phase = phase,
            name = name,
            status = tonumber(status),
            user = user,
            code = code,
            authorization = token ~= "" and "Bearer " .. token or nil,
         })
      end
   end
   file:close()
end

local function write_report()
   local oldest = phase
   for _, case in pairs(pending) do
      oldest = math.min(oldest, case.phase)
   end
   local path = folder .. "/thread-" .. number
   local file = assert(io.open(path .. ".new", "w"))
   file:write(table.concat({oldest, answered, unpack(told)}, "\n"), "\n")
   file:close()
   assert(os.rename(path .. ".new", path))
end

function init(args)
   folder = args[1]
   math.randomseed(number)
end

function request()
   if sent % LOOK_EVERY == 0 then
      read_cases()
      write_report()
   end
   sent = sent + 1
   local id = number .. "-" .. sent
   local case = cases[math.random(#cases)]
   -- The first request of the first thread only shows wrk what a request looks like.
   if id ~= "0-1" then
      pending[id] = case
   end
   return wrk.format("GET", "/", {["X-Request"] = id, Authorization = case.authorization})
end

local function difference(case, status, headers)
   local user, challenge = headers["x-seen-user"] or "", headers["www-authenticate"] or ""
   if case == nil then
      return ("%d for no request of ours"):format(status)
   elseif status ~= case.status then
      return ("%s: %d, not %d: %s"):format(case.name, status, case.status, challenge)
   elseif user ~= case.user then
      return ("%s: for the application it was '%s', not '%s'"):format(case.name, user, case.user)
   elseif not challenge:find(case.code, 1, true) then
      return ("%s: not refused for %s: %s"):format(case.name, case.code, challenge)
   end
end

function response(status, given)
   local headers = {}
   for name, value in pairs(given) do
      headers[name:lower()] = value
   end
   local id = headers["x-request"] or ""
   local found = difference(pending[id], status, headers)
   pending[id] = nil
   answered = answered + 1
   passed = passed + (status == 200 and 1 or 0)
   if found then
      wrong = wrong + 1
      if #told < MOST_TOLD then
         table.insert(told, found)
         write_report()
      end
   end
end

-- Again in the main thread.
function done(summary)
   local sums = {answered = 0, passed = 0, wrong = 0}
   for _, thread in ipairs(threads) do
      for name, sum in pairs(sums) do
         sums[name] = sum + thread:get(name)
      end
   end
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   print(("answers=%d seen=%d passed=%d wrong=%d broken=%d"):format(
      summary.requests, sums.answered, sums.passed, sums.wrong, broken
   ))
end
