-- The health of an Environment or a FreezeWindow: its condition Ready.
local status = obj.status or {}
if status.observedGeneration == obj.metadata.generation then
  for _, condition in ipairs(status.conditions or {}) do
    if condition.type == "Ready" then
      return { status = condition.status == "True" and "Healthy" or "Degraded", message = condition.message }
    end
  end
end
return { status = "Progressing", message = "the conductor has not looked at the newest spec yet" }
