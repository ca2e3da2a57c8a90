import type { PlannedGate, ReleaseRun } from "#api/releaserun.ts";
import type { KubeObject } from "#kube/ports.ts";
import { at, listAt, objectAt, textAt } from "#simulation/json.ts";
import { keyOf } from "#simulation/locations.ts";
import { jsonOf } from "#simulation/objects.ts";
import { RESOURCES, TEAM } from "#simulation/scenario.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { targetOf } from "./books.ts";
import { steering, stored, type Sight } from "./sight.ts";

/** 11: nothing goes past a gate: what has opened it is stored before, and is there; and each is asked once. */

/** How long a conductor may take to see a freeze, and to store what it has decided before, in milliseconds. */
const NOTICE = 5000;
/** The same, where what it sees may be far from what is. */
const UNSEEN = 300_000;
const RUN = "conductor.dev/run-uid";

export function* gates(sight: Sight): Iterable<string> {
  yield* writes(sight);
  yield* verdicts(sight);
  yield* frozen(sight);
  yield* once(sight);
}

/** What is written forward has all gates before it open, as they are stored. */
function* writes(sight: Sight): Iterable<string> {
  const found = steering(sight);
  if (found?.book === undefined || found.target === undefined || !found.steers) return;
  const { run } = found.book;
  if (run.status?.rollback !== undefined) return;
  const { cluster, wave } = found.target;
  for (const { name, index, number, planned } of gatesOf(run)) {
    const isBefore = planned.approval === undefined ? index < wave - 1 : index <= wave - 1;
    const gate = run.status?.waves?.[index]?.gates?.[number];
    if (!isBefore || gate?.phase === "Passed" || (planned.analysis !== undefined && gate?.accepted === true)) continue;
    const kind = planned.approval === undefined ? "analysis" : "approval";
    yield `${cluster} is written while the stored run says that the ${kind} of wave ${name} is ${gate?.phase ?? "not asked"}`;
  }
}

/** A gate has passed when its object says so. */
function* verdicts(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined) return;
  const { before, next } = found;
  for (const { name, index, number, planned } of gatesOf(next)) {
    const [was, is] = [before, next].map((run) => run.status?.waves?.[index]?.gates?.[number]);
    if (was?.phase === "Passed" && is?.phase !== "Passed") yield `a gate of wave ${name} had passed and is ${is?.phase ?? "gone"} now`;
    if (is?.phase !== "Passed" || was?.phase === "Passed") continue;
    const object = sight.books.gates.get(
      `${planned.approval === undefined ? RESOURCES.analysisRuns : RESOURCES.approvals} ${TEAM}/${is.object}`,
    );
    const missing = object === undefined ? "does not exist" : missingOf(object, planned);
    if (missing !== undefined) yield `a gate of wave ${name} is stored as passed, and ${is.object} ${missing}`;
  }
}

function missingOf(object: KubeObject, { approval }: PlannedGate): string | undefined {
  const json = jsonOf(object);
  if (approval === undefined) {
    const phase = textAt(json, "status", "phase") ?? "not begun";
    const measured = listAt(json, "status", "metricResults").some((result) => Number(at(result, "successful") ?? 0) > 0);
    return phase !== "Successful" ? `is ${phase}` : measured ? undefined : "was never measured";
  }
  const author = textAt(json, "spec", "author");
  const decisions = Object.entries(objectAt(json, "spec", "decisions"));
  const yes = decisions.filter(([who, said]) => who !== author && textAt(said, "decision") === "Approve").length;
  return yes >= approval.count ? undefined : `has ${yes} of ${approval.count} approvals`;
}

/** No target is started forward in a freeze that nobody has overridden. */
function* frozen(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined || found.next.spec.kind === "Rollback" || found.next.status?.rollback !== undefined) return;
  const { before, next } = found;
  const { books, write, weather } = sight;
  const begun = next.spec.targets.filter(
    ({ cluster }) => targetOf(next, cluster)?.started === true && targetOf(before, cluster)?.started !== true,
  );
  if (begun.length === 0) return;
  const late = (weather.disturbed ? UNSEEN : NOTICE) + weather.behind;
  for (const { from, to, name, clusters } of books.freezes()) {
    if (write.at < from + late || write.at >= to) continue;
    if (next.status?.overrides?.some(({ freeze, until }) => freeze === name && Date.parse(until) === to) === true) continue;
    for (const { cluster } of begun)
      if (clusters === undefined || clusters.includes(cluster)) yield `${cluster} is started while FreezeWindow ${name} holds it`;
  }
}

/** As many objects as there are gates. */
function* once({ write, books }: Sight): Iterable<string> {
  const { resource, verb, after } = write;
  if (verb !== "create" || after === undefined) return;
  const json = jsonOf(after);
  if (resource === RESOURCES.approvals) {
    const question = (one: KubeObject): string =>
      JSON.stringify(["run", "purpose", "wave", "freeze", "expiresAt"].map((field) => at(jsonOf(one), "spec", field)));
    for (const [key, other] of books.gates)
      if (key.startsWith(`${resource} `) && question(other) === question(after))
        yield `${after.metadata.name} asks what ${other.metadata.name} asks`;
    return;
  }
  const uid = resource === RESOURCES.analysisRuns ? textAt(json, "metadata", "labels", RUN) : undefined;
  const run = uid === undefined ? undefined : books.runs.get(uid)?.run;
  if (run === undefined) return;
  const gatesOfRun = gatesOf(run).filter(({ planned }) => planned.analysis !== undefined).length;
  const made = [...books.gates.values()].filter((one) => textAt(jsonOf(one), "metadata", "labels", RUN) === uid).length;
  if (made >= gatesOfRun) yield `${after.metadata.name} is made, and ${run.metadata.name} has ${made} AnalysisRuns for ${gatesOfRun} gates`;
}

/** What still measures for a run that has ended, or asks people for it, once all is at rest. */
export function leftOpen({ home, wishes }: Simulation): readonly string[] {
  const ended = new Set(wishes.runs().flatMap(({ status, metadata }) => (status?.finishedAt === undefined ? [] : [metadata.uid])));
  const isOver = (one: KubeObject): boolean => one.metadata.ownerReferences?.some(({ uid }) => ended.has(uid)) === true;
  const analyses = home.all(RESOURCES.analysisRuns).filter((one) => {
    const phase = textAt(jsonOf(one), "status", "phase") ?? "Pending";
    return isOver(one) && (phase === "Pending" || phase === "Running") && at(jsonOf(one), "spec", "terminate") !== true;
  });
  const approvals = home
    .all(RESOURCES.approvals)
    .filter((one) => isOver(one) && (textAt(jsonOf(one), "status", "phase") ?? "Pending") === "Pending");
  return [
    ...analyses.map((one) => `AnalysisRun ${keyOf(one)} of a run that has ended goes on`),
    ...approvals.map((one) => `ReleaseApproval ${keyOf(one)} of a run that has ended is Pending`),
  ];
}

function gatesOf({ spec }: ReleaseRun) {
  return spec.waves.flatMap(({ name, gates: own = [] }, index) => own.map((planned, number) => ({ name, index, number, planned })));
}
