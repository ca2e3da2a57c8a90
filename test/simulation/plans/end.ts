import type { KubeObject } from "#kube/ports.ts";
import type { Simulation } from "#simulation/simulation.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { kindOf, phaseOf, type Books } from "../invariants/books.ts";
import { ASPECTS, type Aspect, type Expectation } from "./plan.ts";

/** How a simulation has ended: what is compared with the run without faults. */
export interface End {
  /** Each release's phase. */
  readonly outcome: string;
  /** What each Application is at. */
  readonly applications: Readonly<Record<string, string>>;
  /** Each run's kind and end, and the phase of each of its targets. */
  readonly targets: Readonly<Record<string, string>>;
  /** Patches of values or with an operation, by Application. */
  readonly patches: Readonly<Record<string, number>>;
  /** How many objects of each kind the conductor made; events are a courtesy. */
  readonly creates: Readonly<Record<string, number>>;
}

export function endOf(simulation: Simulation, books: Books): End {
  const applications: Record<string, string> = {};
  for (const [place, { facts }] of books.applications)
    applications[place] = facts === undefined ? "gone" : `${facts.revision} ${facts.missing ?? "Ready"}`;
  const patches: Record<string, number> = {};
  const creates: Record<string, number> = {};
  for (const { who, resource, server, key, verb, before, after } of simulation.writes) {
    if (who !== CONDUCTOR || after === undefined) continue;
    if (verb === "create" && resource !== RESOURCES.events && !isRehearsal(after)) creates[resource] = (creates[resource] ?? 0) + 1;
    if (resource !== RESOURCES.applications || before === undefined || !kindOf(before, after).steers) continue;
    const place = `${server} ${key}`;
    patches[place] = (patches[place] ?? 0) + 1;
  }
  const targets: Record<string, string> = {};
  for (const { run, goneAt } of books.runs.values()) {
    if (goneAt !== undefined) continue;
    targets[run.metadata.name] = `${run.spec.kind} ${run.status?.phase}`;
    // Older runs keep what failed, and the rest as a number.
    for (const { cluster } of run.spec.targets) targets[`${run.metadata.name} ${cluster}`] = phaseOf(run, cluster);
  }
  const phase = simulation.wishes.phase("checkout.production");
  return { outcome: phase ?? "Gone", applications, targets, patches, creates };
}

/** Each process asks Argo Rollouts for itself. */
function isRehearsal({ metadata }: KubeObject): boolean {
  return metadata.labels?.["conductor.dev/run-uid"] === "rehearsal";
}

/** In what an end differs from what is expected of it, in sentences. */
export function differences(
  end: End,
  reference: End,
  { outcomes, free = [], retries = 0, fewer = 0, revisions }: Expectation,
): readonly string[] {
  const open = new Set<Aspect>(ASPECTS.filter((aspect) => !free.includes(aspect)));
  const found: string[] = [];
  if (outcomes !== undefined) {
    if (!outcomes.some((one) => one === end.outcome))
      found.push(`the release ends ${end.outcome}, and ${outcomes.join(" or ")} is expected`);
  } else if (open.has("outcome") && end.outcome !== reference.outcome)
    found.push(`the release ends ${end.outcome}, and ${reference.outcome} without the fault`);
  if (revisions !== undefined) found.push(...misplaced(end, revisions));
  for (const aspect of ["applications", "targets", "creates"] as const)
    if (open.has(aspect)) found.push(...compared(aspect, end[aspect], reference[aspect]));
  if (open.has("patches"))
    for (const place of new Set([...Object.keys(end.patches), ...Object.keys(reference.patches)])) {
      const [is, was] = [end.patches[place] ?? 0, reference.patches[place] ?? 0];
      if (is < was - fewer || is > was + retries) found.push(`${place} was steered ${is} times, and ${was} without the fault`);
    }
  return found;
}

/** Applications that hold another revision than they shall. */
function misplaced({ applications, outcome }: End, revisions: NonNullable<Expectation["revisions"]>): readonly string[] {
  const held = Object.entries(applications).flatMap(([place, said]) =>
    said === "gone" ? [] : [[place, said.split(" ")[0] ?? ""] as const],
  );
  const wanted = revisions[outcome];
  return held.flatMap(([place, revision]) =>
    wanted === undefined || revision === wanted ? [] : [`${place} holds ${revision} at the end, and ${wanted} goes with ${outcome}`],
  );
}

function compared(
  what: Aspect,
  end: Readonly<Record<string, string | number>>,
  reference: Readonly<Record<string, string | number>>,
): readonly string[] {
  return [...new Set([...Object.keys(end), ...Object.keys(reference)])].flatMap((key) =>
    end[key] === reference[key] ? [] : [`${what}: ${key} is ${end[key] ?? "absent"}, and ${reference[key] ?? "absent"} without the fault`],
  );
}
