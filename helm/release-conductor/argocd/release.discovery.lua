-- Which actions make sense on a ServiceRelease or a ReleaseRun now. The conductor decides: what it refuses says why in status.actions.
local status = obj.status or {}
local phase = status.phase
local run = obj.kind == "ReleaseRun" and obj.metadata.name or status.run
if run == nil or status.observedGeneration ~= obj.metadata.generation then
  phase = nil
end

local moving = { Planned = true, Progressing = true, Waiting = true }
local ended = { SucceededWithSkips = true, Failed = true, RolledBack = true, RollbackIncomplete = true, Aborted = true, Drifted = true }

local isMoving = phase ~= nil and moving[phase] == true
local isPaused = phase == "Paused"
local isEnded = phase ~= nil and ended[phase] == true

return {
  pause = { disabled = not isMoving, displayName = "Pause", iconClass = "fa fa-fw fa-pause" },
  -- A pause in the spec is ended in the spec.
  resume = { disabled = not isPaused or obj.spec.paused == true, displayName = "Resume", iconClass = "fa fa-fw fa-play" },
  abort = { disabled = not (isMoving or isPaused), displayName = "Abort", iconClass = "fa fa-fw fa-stop" },
  retry = { disabled = not isEnded, displayName = "Retry", iconClass = "fa fa-fw fa-redo" },
}
