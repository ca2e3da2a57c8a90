-- The health of a ServiceRelease or a ReleaseRun: what its own status says, and nothing that it does not say.
local status = obj.status or {}
if status.phase == nil or status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "the conductor has not looked at the newest spec yet" }
end

local healths = {
  Pending = "Progressing",
  Planned = "Progressing",
  Progressing = "Progressing",
  Waiting = "Progressing",
  RollingBack = "Progressing",
  Paused = "Suspended",
  Succeeded = "Healthy",
  SucceededWithSkips = "Healthy",
  Stalled = "Degraded",
  Failed = "Degraded",
  RolledBack = "Degraded",
  RollbackIncomplete = "Degraded",
  Aborted = "Degraded",
  Superseded = "Degraded",
  Drifted = "Degraded",
  Unknown = "Degraded",
}
-- Nothing goes on until somebody has decided.
local people = { Approval = true, Failures = true, Paused = true }

local health = healths[status.phase]
if health == nil then
  return { status = "Unknown", message = "phase " .. status.phase .. " is newer than this health check: apply argocd-cm.yaml of the installed version" }
end

local message = status.phase
for _, condition in ipairs(status.conditions or {}) do
  if condition.type == "Ready" then
    message = condition.message
  end
end

local waiting = status.waitingOn
if waiting ~= nil and people[waiting.reason] and (health == "Progressing" or health == "Suspended") then
  return { status = "Suspended", message = waiting.message }
end
return { status = health, message = message }
