import { readFileSync } from "node:fs";
import type { JsonObject } from "#simulation/json.ts";
import { objectAt, textAt } from "#simulation/json.ts";
import { jsonOf } from "#simulation/objects.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import type { Write } from "#simulation/writes.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import { differences } from "./plans/end.ts";
import { execute } from "./plans/execute.ts";
import type { Fault, Plan } from "./plans/plan.ts";
import { Judge } from "./plans/verdict.ts";
import { factsOf } from "./invariants/facts.ts";
import { workloadNamed } from "./workloads/workloads.ts";

/** Tells one plan as a story: who did what when, and what was wrong with it. Resolves with whether nothing was. */
export async function replay(file: string, print: (line: string) => void): Promise<boolean> {
  // It was written by this program.
  const plan = JSON.parse(readFileSync(file, "utf8")) as Plan;
  const workload = workloadNamed(plan.workload);
  const reference = await new Judge().trace(plan.workload, plan.seed);
  const lines: { readonly at: number; readonly text: string }[] = [];
  const { simulation, startedAt, violations, end } = await execute({ workload, seed: plan.seed, faults: plan.faults });
  for (const fault of plan.faults) if ("at" in fault) lines.push({ at: startedAt + fault.at, text: `FAULT: ${told(fault)}` });
  for (const { at, id, fault, outcome } of simulation.calls)
    if (fault !== undefined) lines.push({ at, text: `FAULT: ${id}: ${fault} (it ends: ${outcome})` });
  for (const write of simulation.writes) for (const text of news(write)) lines.push({ at: write.at, text });
  for (const { at, message } of violations) lines.push({ at, text: `VIOLATION: ${message}` });
  print(`${plan.row}: ${plan.says}. Workload ${workload.name}: ${workload.says}. Seed ${plan.seed}.`);
  for (const { at, text } of lines.toSorted((a, b) => a.at - b.at))
    print(`${((at - startedAt) / 1000).toFixed(3).padStart(9)} s  ${shortened(text)}`);
  const wrong = differences(end, reference.end, plan.expects);
  print(`Expected: ${plan.expects.says}.`);
  for (const sentence of wrong) print(`WRONG: ${shortened(sentence)}`);
  if (wrong.length + violations.length === 0) print("It holds.");
  return wrong.length + violations.length === 0;
}

/** One fault in words. */
export function told(fault: Fault): string {
  switch (fault.kind) {
    case "Call":
    case "Watch":
      return `${fault.call}: ${JSON.stringify(fault.fault)}`;
    case "Crash":
      return `the conductor dies, and starts again after ${fault.restartAfter} ms${fault.stale === undefined ? "" : `; its lists of ${fault.stale.resource} are ${fault.stale.changes} changes old for ${fault.stale.lasts} ms`}`;
    case "Outage":
      return `${fault.server} ${JSON.stringify(fault.outage)} for ${fault.lasts} ms`;
    case "Act":
      return `somebody: ${JSON.stringify(fault.act)}`;
  }
}

/** What a write changes, as far as a story is interested. */
function* news({ who, resource, key, server, before, after, verb }: Write): Iterable<string> {
  const [was, is] = [before === undefined ? {} : jsonOf(before), after === undefined ? {} : jsonOf(after)];
  if (verb === "create" || after === undefined)
    return void (yield `${who} ${after === undefined ? "deletes" : "creates"} ${server} ${resource} ${key}`);
  if (resource === RESOURCES.applications && before !== undefined) {
    const [old, now] = [factsOf(before), factsOf(after)];
    const parts = [
      ...(old.revision === now.revision ? [] : [`revision ${old.revision} → ${now.revision}`]),
      ...(old.operation === undefined && now.operation !== undefined ? ["asks for an operation"] : []),
      ...(!old.refreshing && now.refreshing ? ["asks for a refresh"] : []),
      ...(old.missing === now.missing ? [] : [now.missing === undefined ? "all evidence is there" : `evidence is missing: ${now.missing}`]),
    ];
    if (parts.length > 0) yield `${who} writes ${server} ${key}: ${parts.join(", ")}`;
    return;
  }
  if (who !== CONDUCTOR) return void (yield `${who} writes ${server} ${resource} ${key}`);
  if (resource !== RESOURCES.runs) return;
  yield* runNews(key, was, is);
}

function* runNews(key: string, was: JsonObject, is: JsonObject): Iterable<string> {
  // Our own statuses were parsed when they were written.
  const [old, now] = [objectAt(was, "status"), objectAt(is, "status")] as unknown as [
    NonNullable<ReleaseRun["status"]>,
    NonNullable<ReleaseRun["status"]>,
  ];
  if (old.phase !== now.phase) yield `${key} is ${now.phase}: ${textAt(is, "status", "waitingOn", "message") ?? ""}`;
  for (const [index, { name, phase }] of (now.waves ?? []).entries())
    if (old.waves?.[index]?.phase !== phase) yield `${key}: wave ${name} is ${phase}`;
  for (const { cluster, phase, reason, message } of now.targets ?? []) {
    const before = old.targets?.find((one) => one.cluster === cluster);
    if (before?.phase !== phase || before.reason !== reason) yield `${key}: ${cluster} is ${phase} (${reason}): ${message}`;
  }
}

/** Forty equal digits are one. */
function shortened(text: string): string {
  return text.replace(/([0-9a-f])\1{39}/g, "$1…");
}
