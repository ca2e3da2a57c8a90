import type { ReleaseRun, TargetStatus } from "#api/releaserun.ts";
import { hasSucceeded } from "#engine/baselines.ts";
import { tellGates } from "./gates.ts";
import type { Journal } from "./journal.ts";
import { names, seconds, short } from "./words.ts";

/** What a ReleaseRun says, in words: what was planned, and what was decided since. */

export function tellPlan(journal: Journal, { metadata, spec }: ReleaseRun): void {
  const waves = spec.waves.map(({ name }, index) => {
    const own = spec.targets.filter(({ wave }) => wave === index + 1).map(({ cluster }) => cluster);
    return `${name}: ${own.join(", ")}`;
  });
  const { action, run } = spec.cause ?? {};
  const why = action === undefined ? "" : `, ${action}${run === undefined ? "" : ` after ${run}`}`;
  journal.note(`the conductor plans ${metadata.name} (${spec.kind}${why}) to ${short(spec.revision)}: ${waves.join("; ")}`);
}

/** What is not told by what it waits for. */
const WAITS: ReadonlySet<string> = new Set(["InstanceBusy", "Freeze", "Dependency"]);

type Voice = Pick<Journal, "note">;

export function tellRun(journal: Voice, before: ReleaseRun, run: ReleaseRun): void {
  const { status, spec } = run;
  if (status === undefined) return;
  const old = before.status;
  for (const { action, value } of status.actions ?? [])
    if (old?.actions?.some((one) => one.action === action && one.value === value) !== true)
      journal.note(`the conductor notes for ${run.metadata.name}: ${action}`);

  tellTargets(journal, before, run);
  tellGates(journal, before, run);

  for (const [index, { name, phase }] of (status.waves ?? []).entries()) {
    const was = old?.waves?.[index]?.phase;
    if (phase === was) continue;
    if (phase === "Progressing" && was === "Soaking") journal.note(`wave ${name} is not complete any more: its soak will start again`);
    if (phase === "Progressing" && (was === "Pending" || was === "Waiting") && spec.waves.length > 1) journal.note(`wave ${name} begins`);
    const soak = spec.waves[index]?.minSuccessSeconds ?? 0;
    if (phase === "Soaking" && soak > 0) journal.note(`wave ${name} soaks for ${seconds(soak * 1000)}`);
    if (phase === "Verified") journal.note(`wave ${name} is verified`);
  }

  if (status.rollback !== undefined && old?.rollback === undefined)
    journal.note(`the conductor decides: roll back (${status.rollback.message})`);
  if (status.stop !== undefined && old?.stop === undefined)
    journal.note(`the conductor stops and waits for a person (${status.stop.message})`);
  if (status.phase === "Paused" && old?.phase !== "Paused" && status.stop === undefined) journal.note(`${run.metadata.name} is paused`);
  const { waitingOn } = status;
  if (waitingOn !== undefined && WAITS.has(waitingOn.reason) && old?.waitingOn?.reason !== waitingOn.reason)
    journal.note(`${run.metadata.name} waits: ${waitingOn.message}`);
  if (status.finishedAt !== undefined && old?.finishedAt === undefined) {
    const said = status.conditions?.find(({ type }) => type === "Finished")?.message ?? "";
    journal.note(`${run.metadata.name} ends: ${status.phase} (${said})`);
  }
}

function tellTargets(journal: Voice, before: ReleaseRun, run: ReleaseRun): void {
  const was = new Map((before.status?.targets ?? []).map((target) => [target.cluster, target]));
  const listed = new Set((run.status?.targets ?? []).map(({ cluster }) => cluster));
  for (const target of run.status?.targets ?? []) {
    const old = was.get(target.cluster);
    if (old?.phase === target.phase && old.reason === target.reason) continue;
    const said = sentence(run, old, target);
    if (said !== undefined) journal.note(said, { cluster: target.cluster });
  }
  // A run that ended lists only those that are not verified.
  if (run.status?.finishedAt === undefined || !(hasSucceeded(run) || run.status.targets !== undefined)) return;
  for (const [cluster, { phase }] of was) if (!listed.has(cluster) && phase !== "Ready") journal.note(READY, { cluster });
}

const READY = "the conductor finds {} ready";

function sentence({ metadata, spec }: ReleaseRun, old: TargetStatus | undefined, target: TargetStatus): string | undefined {
  const { phase, reason } = target;
  // The name of the host is in every message of a connection; here the cluster is named anyway.
  const message = target.message.replace(/ from [\w-]+\.simulated:443/, "");
  const returned = old !== undefined && (old.phase === "Unreachable" || old.phase === "Unknown");
  switch (phase) {
    case "Ready":
      return READY;
    case "RolledBack":
      return reason === "Verified" ? `the conductor finds {} back at ${baselineOf(spec, target)}, verified` : `{}: ${message}`;
    case "Failed":
    case "Reverted":
    case "Drifted":
      return `{} is|are ${phase}: ${message}`;
    case "Unreachable":
    case "Unknown":
      return `{} is|are ${phase}: ${message}`;
    case "Skipped":
      return `{} is|are Skipped: ${message}`;
    case "Waiting":
      return old?.phase === phase && old.reason === reason ? undefined : `the conductor waits for {} (${reason}): ${message}`;
    case "Pending":
    case "Patched":
    case "Syncing":
    case "Arrived":
      if (reason === "NeedsPrune") return `the conductor finds {} in need of a person (${reason}): ${message}`;
      return returned ? `{} answers|answer again, says ${metadata.name}` : undefined;
  }
}

function baselineOf(spec: ReleaseRun["spec"], { cluster, contact }: TargetStatus): string {
  const index = spec.targets.find((target) => target.cluster === cluster)?.baseline;
  const values = (index === undefined ? undefined : spec.values[index]) ?? contact?.baseline ?? {};
  const revision = values["targetRevision"];
  return typeof revision === "string" ? short(revision) : "what it was";
}

/** `wave first: eu; wave rest: us and ap`. */
export function clustersByPhase(run: ReleaseRun): string {
  const listed = new Map((run.status?.targets ?? []).map(({ cluster, phase }) => [cluster, phase]));
  const groups = new Map<string, string[]>();
  for (const { cluster } of run.spec.targets) {
    const phase = listed.get(cluster) ?? "Ready";
    groups.set(phase, [...(groups.get(phase) ?? []), cluster]);
  }
  return [...groups].map(([phase, clusters]) => `${names(clusters)} ${phase}`).join("; ");
}
