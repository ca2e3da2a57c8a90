-- Asks the conductor for {{action}}: an annotation that names the run it is meant for. What follows the slash tells one request from the
-- one before, since each value is handled once.
local os = require("os")
local run = obj.kind == "ReleaseRun" and obj.metadata.name or obj.status.run
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["conductor.dev/{{action}}"] = run .. "/argocd-" .. os.time()
return obj
