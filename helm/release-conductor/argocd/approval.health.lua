-- The health of a ReleaseApproval: whether it still waits for people, and what they have decided. Decisions change its generation,
-- and its status speaks of the newest a moment later.
local status = obj.status or {}
if status.phase == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the conductor has not looked at the newest decisions yet" }
end

local healths = {
  Pending = "Suspended",
  Approved = "Healthy",
  Void = "Healthy",
  Rejected = "Degraded",
  Expired = "Degraded",
}
local health = healths[status.phase]
if health == nil then
  return { status = "Unknown", message = "phase " .. status.phase .. " is newer than this health check: apply argocd-cm.yaml of the installed version" }
end
return { status = health, message = status.message }
