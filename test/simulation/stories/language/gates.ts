import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { at, listAt, objectAt, textAt } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import type { Write } from "#simulation/writes.ts";
import type { Journal } from "./journal.ts";

/** What becomes of the gates of a run, of questions to people and of analyses, in words. */

type Voice = Pick<Journal, "note">;

export function tellGates(journal: Voice, before: ReleaseRun, { status, metadata }: ReleaseRun): void {
  for (const [index, { name, gates = [] }] of (status?.waves ?? []).entries())
    for (const [number, { kind, phase, message = "", accepted = false }] of gates.entries()) {
      const old = before.status?.waves?.[index]?.gates?.[number];
      const what = `${kind.toLowerCase()} of wave ${name}`;
      if (phase !== old?.phase && phase !== "Pending" && phase !== "Waiting") journal.note(`${what}: ${phase} (${message})`);
      if (accepted && old?.accepted !== true) journal.note(`${what} is gone on in spite of`);
    }
  const known = before.status?.overrides ?? [];
  for (const { freeze, by } of status?.overrides ?? [])
    if (!known.some((one) => one.freeze === freeze)) journal.note(`${metadata.name} goes through the freeze ${freeze}: ${by} has let it`);
}

export function tellApproval(journal: Voice, { before, after }: Write): void {
  if (after === undefined) return;
  const [old, { spec, status, metadata }] = [before === undefined ? undefined : typed(before), typed(after)];
  const what =
    spec.purpose === "Wave" ? `whether wave ${spec.wave} of ${spec.run.name} may begin` : `whether ${spec.run.name} may go through`;
  if (old === undefined) return journal.note(`the conductor asks people ${what} (${spec.changes.message})`);
  const phase = status?.phase;
  if (phase !== old.status?.phase && phase !== "Pending" && phase !== undefined)
    journal.note(`ReleaseApproval ${metadata.name} is ${phase}: ${status?.message}`);
}

const REHEARSAL = "conductor.dev/run-uid";

export function tellAnalysis(journal: Voice, { before, after }: Write): void {
  if (after === undefined) return;
  const [old, run] = [before === undefined ? undefined : jsonOf(before), jsonOf(after)];
  const isRehearsal = textAt(run, "metadata", "labels", REHEARSAL) === "rehearsal";
  const template = textAt(objectAt(listAt(run, "spec", "metrics")[0]), "name") ?? "";
  if (isRehearsal)
    return old === undefined ? journal.note(`the conductor asks Argo Rollouts whether it takes analysis ${template}`) : undefined;
  const name = `AnalysisRun ${after.metadata.name}`;
  if (old === undefined) return journal.note(`the conductor makes ${name} of template ${template}`);
  if (at(run, "spec", "terminate") === true && at(old, "spec", "terminate") !== true) journal.note(`the conductor tells ${name} to end`);
  const phase = textAt(run, "status", "phase");
  if (phase === textAt(old, "status", "phase") || phase === undefined || phase === "Running") return;
  const measured = listAt(objectAt(listAt(run, "status", "metricResults")[0]), "measurements").length;
  journal.note(`Argo Rollouts: ${name} is ${phase}, after ${measured} measurement${measured === 1 ? "" : "s"}`);
}

function typed(object: NonNullable<Write["after"]>): ReleaseApproval {
  // The conductor has made it, and tests of the schemas hold that it makes what they say.
  return object as unknown as ReleaseApproval;
}
