import type { Outage } from "#simulation/faults.ts";
import { OLD } from "#simulation/scenario.ts";
import { SAME_IN_THE_END, type Expectation, type Fault, type Plan } from "../plans/plan.ts";
import { A } from "../workloads/workload.ts";
import { planner, type Row } from "./row.ts";

const OUTAGES: readonly (readonly [string, Outage])[] = [
  ["refuses connections", { kind: "Down", how: "refused" }],
  ["does not answer", { kind: "Down", how: "timeout" }],
  ["has no name any more", { kind: "Down", how: "noName" }],
  ["shows a certificate that has expired", { kind: "Down", how: "expiredCertificate" }],
  ["shows a certificate of nobody that is known", { kind: "Down", how: "unknownAuthority" }],
  ["is down and up every 7 s", { kind: "Flapping", period: 7000 }],
  ["takes 10 s for everything", { kind: "Slow", ms: 10_000 }],
  ["answers 401", { kind: "Refused", status: 401 }],
  ["answers 403", { kind: "Refused", status: 403 }],
];
/** What an API server answers that has just begun, is overloaded, or has lost the kind. */
const BREAKING = [
  ["answers 503", 503],
  ["answers 429", 429],
  ["knows no Applications", 404],
] as const;
/** As long as a plan waits for a cluster, and longer than a wave takes. */
const LASTS = [8000, 90_000] as const;

const HOLDS = { Succeeded: A, SucceededWithSkips: A, RolledBack: OLD } as const;
const LOST: Expectation = {
  says: "an Application that is gone fails its wave, or is told of a release that had ended",
  outcomes: ["RolledBack", "RollbackIncomplete", "Failed", "Unknown", "Stalled"],
  free: ["applications", "targets", "patches", "creates"],
};
const ANEW: Expectation = {
  says: "an Application that is made anew is written once more if it had not been yet, else it was reverted, and all goes back",
  outcomes: ["Succeeded", "SucceededWithSkips", "RolledBack", "Drifted", "RollbackIncomplete"],
  free: ["applications", "targets", "patches", "creates"],
};
const LEFT: Expectation = {
  says: "a cluster that is gone is left out after its grace time",
  outcomes: ["SucceededWithSkips", "Succeeded", "RolledBack", "RollbackIncomplete", "Unknown"],
  free: ["applications", "targets", "patches", "creates"],
};

export const R6: Row = {
  name: "R6",
  says: "each cluster fails in each way at every wave",
  workloads: ["happy", "fails"],
  plans: (trace) => {
    const plan = planner("R6", trace);
    // The way forward is the same in both; the second one goes back.
    const stages = trace.moments.filter(({ says }) =>
      trace.workload.name === "fails" ? says === "RollingBack" : /Progressing|Soaking/.test(says),
    );
    return stages.flatMap(({ at, says }) =>
      trace.workload.clusters.flatMap(({ name }): Plan[] => {
        const when = `in ${says}`;
        const act = (offset: number, act: Extract<Fault, { kind: "Act" }>["act"]): Fault => ({ kind: "Act", at: at + offset, act });
        return [
          ...OUTAGES.flatMap(([how, outage]) =>
            LASTS.map((lasts) =>
              plan(`${name} ${how} for ${lasts / 1000} s ${when}`, [{ kind: "Outage", at, server: name, outage, lasts }], SAME_IN_THE_END),
            ),
          ),
          ...BREAKING.map(([how, status]) =>
            plan(
              `${name} ${how} for 15 s, and its streams break, ${when}`,
              [{ kind: "Outage", at, server: name, outage: { kind: "Refused", status }, lasts: 15_000, breaks: true }],
              SAME_IN_THE_END,
            ),
          ),
          plan(
            `the token of ${name} is another ${when}`,
            [act(0, { does: "Register", cluster: name, token: "token-rotated" })],
            SAME_IN_THE_END,
          ),
          plan(
            `${name} is unregistered ${when}, and registered again after 30 s`,
            [act(0, { does: "Unregister", cluster: name }), act(30_000, { does: "Register", cluster: name })],
            SAME_IN_THE_END,
          ),
          plan(`${name} is unregistered ${when}`, [act(0, { does: "Unregister", cluster: name })], LEFT),
          plan(`the Application of ${name} is deleted ${when}`, [act(0, { does: "DeleteApplication", cluster: name })], LOST),
          plan(`the Application of ${name} is made anew ${when}`, [act(0, { does: "Deploy", cluster: name })], {
            ...ANEW,
            revisions: HOLDS,
          }),
        ];
      }),
    );
  },
};
