-- The action `lua.jwtfast` of HAProxy 2.6 and newer: asks jwtfast whether a request may pass.
--
--   http-request lua.jwtfast ADDRESS PATH HEADER,HEADER
--   http-request deny deny_status 503 unless { var(txn.jwtfast_passed) -m bool }
--
-- ADDRESS is where jwtfast is asked, PATH is /validate or /p/POLICY, and the HEADERs are those of
-- `identity:` in jwtfast.yaml. A denial of jwtfast is sent to the client from here. Anything that
-- goes wrong, an error in this file too, leaves the variable unset: the second line is needed.

local TIMEOUT = 3000 -- milliseconds
-- The last two are for policies with `preflight: true`.
local SENT = { "authorization", "cookie", "origin", "access-control-request-method" }
local TOLD = { "www-authenticate", "content-type", "cache-control" }

-- All values of a header: what HAProxy gives counts from 0, what it takes from 1.
local function values(headers, name)
    local found = {}
    for _, value in pairs(headers[name] or {}) do
        found[#found + 1] = value
    end
    return found
end

local function question(txn)
    local given = txn.http:req_get_headers()
    local host = values(given, "host")
    local asked = {
        ["host"] = { host[1] or "" },
        ["x-original-method"] = { txn.sf:method() },
        -- Host and URI apart: put together in one URL, a client's `Host: a.example?` would end the path.
        ["x-original-host"] = { host[1] or "" },
        ["x-original-uri"] = { txn.sf:pathq() },
    }
    for _, name in ipairs(SENT) do
        if given[name] then
            asked[name] = values(given, name)
        end
    end
    return asked
end

-- HAProxy lets control bytes pass in a header; its client cannot send them. They are the client's
-- fault, a 400, not a 503.
local function can_be_sent(asked)
    for _, list in pairs(asked) do
        for _, value in ipairs(list) do
            if value:find("[\0-\8\10-\31\127]") then
                return false
            end
        end
    end
    return true
end

local function deny(txn, answer)
    local reply = txn:reply({ status = answer.status })
    for _, name in ipairs(TOLD) do
        for _, value in ipairs(values(answer.headers, name)) do
            reply:add_header(name, value)
        end
    end
    reply:set_body(answer.body or "")
    txn:done(reply)
end

local function jwtfast(txn, address, path, names)
    local asked = question(txn)
    if not can_be_sent(asked) then
        return txn:done(txn:reply({ status = 400 }))
    end
    local answer = core.httpclient():get({
        url = "http://" .. address .. path,
        headers = asked,
        timeout = TIMEOUT,
    })
    if answer.status == 401 or answer.status == 403 then
        return deny(txn, answer)
    end
    if answer.status ~= 200 then
        return
    end
    -- Who it is, as jwtfast says. What the client called itself is gone in any case.
    for name in names:gmatch("[^,]+") do
        name = name:lower()
        txn.http:req_del_header(name)
        local value = values(answer.headers, name)[1]
        if value and value ~= "" then
            txn.http:req_set_header(name, value)
        end
    end
    txn:set_var("txn.jwtfast_passed", true)
end

core.register_action("jwtfast", { "http-req" }, jwtfast, 3)

-- The filter `lua.jwtfast-no-trailers` ends a request that has trailers by a 400: at the end of a
-- body, what HAProxy still has to forward is then more than the rest of the body and one byte. An
-- error in here ends the request too.
local NoTrailers = { id = "jwtfast-no-trailers", flags = filter.FLT_CFG_FL_HTX }
NoTrailers.__index = NoTrailers

function NoTrailers.new()
    return setmetatable({ found = false }, NoTrailers)
end

function NoTrailers:http_headers(_, message)
    if not message:is_resp() then
        filter.register_data_filter(self, message.channel)
    end
end

function NoTrailers:http_payload(_, message)
    if message:eom() and message:input() - #(message:body() or "") > 1 then
        self.found = true
    end
end

function NoTrailers:http_end()
    return self.found and filter.ERROR or filter.CONTINUE
end

core.register_filter("jwtfast-no-trailers", NoTrailers, function(class)
    return class
end)
