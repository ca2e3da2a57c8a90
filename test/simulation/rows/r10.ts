import { OLD } from "#simulation/scenario.ts";
import type { JsonObject } from "#simulation/json.ts";
import { SAME, type Act, type Expectation, type Fault, type Plan } from "../plans/plan.ts";
import type { Moment, Trace } from "../plans/trace.ts";
import { A, apply, ask, B, BAD } from "../workloads/workload.ts";
import { planner, type Row } from "./row.ts";

/** After a stage has begun, in milliseconds: in the middle of things. */
const AFTER = 700;
const ANY = ["applications", "targets", "patches", "creates"] as const;

const newer: Expectation = { says: "the newer revision is everywhere", outcomes: ["Succeeded"], free: ANY, revisions: { Succeeded: B } };
const gone: Expectation = { says: "nothing is written for it any more", outcomes: ["Gone"], free: ANY };

const act = (at: number, one: Act): Fault => ({ kind: "Act", at, act: one });
const spec = (patch: JsonObject): Act => ({ does: "Meddle", kind: "release", patch: { spec: patch } });

/** What a person may do at one stage, and how that ends. */
function actions({ workload }: Trace, { at: stage, says }: Moment): readonly (readonly [string, readonly Fault[], Expectation])[] {
  const at = stage + AFTER;
  const fails = workload.name === "fails";
  const revision = fails ? BAD : A;
  const back = says === "RollingBack";
  const ends: Expectation["outcomes"] = fails ? ["RolledBack"] : ["Succeeded"];
  const stay: Expectation = {
    says: "it ends as it does without a person, in another run",
    outcomes: ends,
    free: ANY,
    revisions: { RolledBack: OLD, Succeeded: A },
  };
  // What is there when it is applied again is what it begins with, if it is well.
  const anew: Expectation = { says: "it begins anew with what is there", outcomes: fails ? ["RolledBack", "Failed"] : ends, free: ANY };
  const aborted: Expectation = {
    says: "it ends where it is; a rollback that has begun goes on",
    outcomes: back ? ["RolledBack"] : ["Aborted"],
    free: ANY,
  };
  const skipped: Expectation = {
    says: "the cluster is left as it is",
    outcomes: fails ? ["SucceededWithSkips", "RolledBack", "Failed"] : ["SucceededWithSkips"],
    free: ANY,
  };
  return [
    ["wishes a newer revision", [act(at, apply(B))], newer],
    [
      "wishes a newer revision, and the first again",
      [act(at, apply(B)), act(at + 3000, apply(revision))],
      { ...stay, outcomes: [...ends, "Superseded"] },
    ],
    ["ends it", [act(at, ask("abort"))], aborted],
    ["pauses, and resumes after 45 s", [act(at, ask("pause")), act(at + 45_000, ask("resume"))], SAME],
    ["pauses in the spec, for 45 s", [act(at, spec({ paused: true })), act(at + 45_000, spec({ paused: false }))], SAME],
    ["deletes it", [act(at, { does: "Delete" })], gone],
    ["deletes it, and applies it again", [act(at, { does: "Delete" }), act(at + 5000, apply(revision))], anew],
    ["asks for a retry", [act(at, ask("retry"))], { ...stay, outcomes: fails ? ["RolledBack", "Aborted"] : ["Succeeded"] }],
    ["asks to go back to what was never verified", [act(at, ask("rollback-to", OLD))], SAME],
    ["names no cluster to skip", [act(at, ask("skip", "nowhere"))], SAME],
    [
      "changes the Environment's strategy",
      [act(at, { does: "EditEnvironment", patch: { spec: { strategy: { minSuccessTime: "1s", maxConcurrency: 4 } } } })],
      SAME,
    ],
    ...workload.clusters.map(({ name }) => [`takes ${name} out`, [act(at, ask("skip", name))], skipped] as const),
  ];
}

export const R10: Row = {
  name: "R10",
  says: "people act at every stage",
  workloads: ["happy", "fails"],
  plans: (trace) => {
    const plan = planner("R10", trace);
    return trace.moments
      .filter(({ says }) => !/Verified|Failed/.test(says))
      .flatMap((moment): Plan[] =>
        actions(trace, moment).map(([says, faults, expects]) => plan(`after ${moment.says} a person ${says}`, faults, expects)),
      );
  },
};
