-- Health of every kind of originca.dev, told from its conditions. Argo CD runs this as Lua 5.1 without the string
-- library; `obj` is the object.
local status = obj.status or {}

-- What is said of an older spec says nothing of this one; -1 until the operator has seen the object at all.
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at this spec yet." }
end

local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready, stalled = conditions.Ready, conditions.Stalled

-- A person is needed, even where what was there before still works.
if stalled ~= nil and stalled.status == "True" then
  return { status = "Degraded", message = stalled.reason .. ": " .. stalled.message }
end

if ready ~= nil and ready.status == "True" then
  local message = ready.message
  for _, kind in ipairs({ "Issuing", "Served", "InSync", "OriginsVerified" }) do
    local condition = conditions[kind]
    if condition ~= nil and condition.status == "False" then
      message = message .. " " .. kind .. ": " .. condition.message
    end
  end
  return { status = "Healthy", message = message }
end

if obj.spec.suspend == true then
  return { status = "Suspended", message = "spec.suspend is set: nothing is issued or written." }
end

if ready == nil then
  return { status = "Progressing", message = "The operator has not said yet whether it is ready." }
end
return { status = "Progressing", message = ready.reason .. ": " .. ready.message }
