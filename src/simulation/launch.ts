import { Conductor } from "#controllers/conductor.ts";
import type { ConductorParts } from "#controllers/conductorparts.ts";

/** A conductor at work, told of changes as the process tells it (operator.ts). */
export function launch(parts: ConductorParts): Conductor {
  const conductor = new Conductor(parts);
  conductor.releases.onChange((key) => conductor.releaseChanged(key));
  conductor.environments.onChange((key) => conductor.environmentChanged(key));
  conductor.runs.onChange((key) => conductor.runChanged(key));
  conductor.approvals.onChange((key) => conductor.approvalChanged(key));
  conductor.freezes.onChange((key) => conductor.freezeChanged(key));
  conductor.previews.onChange((key) => conductor.previewChanged(key));
  conductor.start();
  return conductor;
}
