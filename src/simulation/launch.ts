import { Conductor, type ConductorParts } from "#controllers/conductor.ts";

/** A conductor at work, told of changes as the process tells it (operator.ts). */
export function launch(parts: ConductorParts): Conductor {
  const conductor = new Conductor(parts);
  conductor.releases.onChange((key) => conductor.wakes.releaseChanged(key));
  conductor.environments.onChange((key) => conductor.wakes.environmentChanged(key));
  conductor.runs.onChange((key) => conductor.wakes.runChanged(key));
  conductor.approvals.onChange((key) => conductor.wakes.approvalChanged(key));
  conductor.freezes.onChange((key) => conductor.wakes.freezeChanged(key));
  conductor.previews.onChange((key) => conductor.wakes.previewChanged(key));
  conductor.start();
  return conductor;
}
