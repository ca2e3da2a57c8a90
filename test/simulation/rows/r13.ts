import type { JsonObject } from "#simulation/json.ts";
import { SAME, type Act, type Plan } from "../plans/plan.ts";
import { planner, type Row } from "./row.ts";

/** What of our objects somebody may change who should not, in words. */
const RUN: readonly (readonly [string, JsonObject])[] = [
  ["takes its status away", { status: null }],
  ["takes its targets away", { status: { targets: null } }],
  ["takes its waves away", { status: { waves: null } }],
  ["takes its conditions away", { status: { conditions: null } }],
  ["takes its counts away", { status: { counts: null, waitingOn: null } }],
  ["says it is Planned", { status: { phase: "Planned" } }],
  ["says that it was looked at years ago", { status: { observedAt: "2020-01-01T00:00:00Z" } }],
  ["says that it was looked at in years", { status: { observedAt: "2030-01-01T00:00:00Z" } }],
  ["says it began in years", { status: { startedAt: "2030-01-01T00:00:00Z" } }],
  ["says it is of a generation to come", { status: { observedGeneration: 99 } }],
  ["labels it", { metadata: { labels: { "team.example/owner": "somebody" } } }],
  // With its own name it would be an order, as a person gives it.
  ["annotates it", { metadata: { annotations: { "conductor.dev/abort": "checkout.production-99" } } }],
  ["gives it a finalizer", { metadata: { finalizers: ["team.example/keep"] } }],
];
const RELEASE: readonly (readonly [string, JsonObject])[] = [
  ["takes its status away", { status: null }],
  ["says it has ended", { status: { phase: "Aborted" } }],
  ["takes its conditions away", { status: { conditions: null } }],
  ["says it has other runs", { status: { run: "checkout.production-9" } }],
  ["says it is of a generation to come", { status: { observedGeneration: 99 } }],
  ["takes its history away", { status: { history: null, targets: null } }],
  ["labels it", { metadata: { labels: { "team.example/owner": "somebody" } } }],
  ["asks a run that is not there", { metadata: { annotations: { "conductor.dev/abort": "checkout.production-99" } } }],
  [
    "asks in words that nobody knows",
    { metadata: { annotations: { "conductor.dev/pause": "////", "conductor.dev/explode": "checkout.production-1" } } },
  ],
];

export const R13: Row = {
  name: "R13",
  says: "somebody changes our objects",
  workloads: ["happy", "fails"],
  plans: (trace) => {
    const plan = planner("R13", trace);
    const changes = [...RUN.map((one) => ["run", ...one] as const), ...RELEASE.map((one) => ["release", ...one] as const)];
    return trace.moments
      .filter(({ says }) => /Progressing|Soaking|RollingBack/.test(says))
      .flatMap(({ at, says }) =>
        changes.map(([kind, what, patch]): Plan => {
          const act: Act = { does: "Meddle", kind, patch };
          return plan(`in ${says} somebody changes the ${kind}: ${what}`, [{ kind: "Act", at: at + 400, act }], SAME);
        }),
      );
  },
};
