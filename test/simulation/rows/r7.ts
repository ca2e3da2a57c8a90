import { degradedAfter, stays, type Behaviour } from "#simulation/behaviour.ts";
import { OLD } from "#simulation/scenario.ts";
import { SAME, SAME_IN_THE_END, type Act, type Expectation, type Fault, type Plan } from "../plans/plan.ts";
import type { Trace } from "../plans/trace.ts";
import { A } from "../workloads/workload.ts";
import { planner, type Row } from "./row.ts";

const BACK: Expectation = {
  says: "the target fails with its reason, and all that the release reached goes back",
  outcomes: ["RolledBack"],
  free: ["applications", "targets", "patches"],
  revisions: { RolledBack: OLD },
};
const FAILS: Expectation = {
  says: "the target fails, and what can be verified goes back",
  outcomes: ["RolledBack", "RollbackIncomplete"],
  free: ["applications", "targets", "patches"],
};

/** What A does in one cluster, and how that ends. */
const BEHAVIOURS: readonly (readonly [string, Behaviour, Expectation])[] = [
  ["cannot be generated", { comparison: { kind: "Error", message: "rpc error" } }, BACK],
  ["is not heard of at all", { comparison: { kind: "Swallowed" } }, BACK],
  ["is not allowed by its project", { comparison: { kind: "InvalidSpec", message: "not permitted" } }, BACK],
  ["fails to sync", { sync: { kind: "Fails", message: "one or more objects failed to apply" } }, BACK],
  ["has a hook that fails before", { sync: { kind: "HookFails", hook: "PreSync" } }, BACK],
  ["has a hook that fails after", { sync: { kind: "HookFails", hook: "PostSync" } }, BACK],
  ["hangs in its sync", { sync: { kind: "Hangs" } }, FAILS],
  ["leaves something to prune", { sync: { kind: "NeedsPrune" } }, FAILS],
  ["resolves to another commit", { resolvesTo: "d".repeat(40) }, BACK],
  ["renders what was there before", { rendersAs: OLD }, SAME],
  [
    "is Suspended for five minutes",
    {
      health: [
        { after: 0, status: "Suspended" },
        { after: 300_000, status: "Healthy" },
      ],
    },
    SAME,
  ],
  ["is Progressing for ever", stays("Progressing"), BACK],
  ["is Missing", stays("Missing"), BACK],
  ["is of unknown health", stays("Unknown"), BACK],
  ["is Degraded", stays("Degraded"), BACK],
  ["is Degraded in its soak", degradedAfter(14_000), BACK],
  ["is Degraded for ten seconds", degradedAfter(14_000, 10_000), SAME],
  [
    "is Degraded for two minutes before it was healthy",
    {
      health: [
        { after: 0, status: "Degraded" },
        { after: 20_000, status: "Healthy" },
      ],
    },
    SAME,
  ],
];

/** What befalls the Argo CD of one cluster at a stage, for a while. */
function acts(cluster: string, at: number): readonly (readonly [string, readonly Fault[], Expectation])[] {
  const act = (offset: number, one: Act): Fault => ({ kind: "Act", at: at + offset, act: one });
  const skip = (value: string | null): Act => ({
    does: "PatchApplication",
    cluster,
    patch: { metadata: { annotations: { "argocd.argoproj.io/skip-reconcile": value } } },
  });
  const behave = (behaviour: Behaviour): Act => ({ does: "Behave", cluster, revision: A, behaviour });
  const refresh: Act = {
    does: "PatchApplication",
    cluster,
    patch: { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } },
  };
  const change: Expectation = { ...SAME_IN_THE_END, retries: 1 };
  return [
    [
      "is stopped for a minute",
      [act(0, { does: "Silence", cluster, silent: true }), act(60_000, { does: "Silence", cluster, silent: false })],
      change,
    ],
    [
      "is stopped",
      [act(0, { does: "Silence", cluster, silent: true })],
      { ...FAILS, outcomes: ["RolledBack", "RollbackIncomplete", "Succeeded"] },
    ],
    [
      "has a sync window closed for five minutes",
      [act(0, { does: "Window", cluster, state: "closed" }), act(300_000, { does: "Window", cluster, state: "open" })],
      SAME,
    ],
    ["is told not to look for four minutes", [act(0, skip("true")), act(240_000, skip(null))], SAME],
    ["is asked for a sync by a person", [act(0, { does: "Sync", cluster })], change],
    ["is asked for a sync of something else by a person", [act(0, { does: "Sync", cluster, revision: OLD })], change],
    [
      "is left with a last operation that says Running",
      [act(0, { does: "PatchApplication", cluster, patch: { status: { operationState: { phase: "Running" } } } })],
      SAME,
    ],
    [
      "is told for a minute that its project does not allow it",
      [
        act(0, behave({ comparison: { kind: "InvalidSpec", message: "not permitted" } })),
        act(20, refresh),
        act(60_000, behave({})),
        act(60_020, refresh),
      ],
      SAME,
    ],
    [
      "withdraws its consent",
      [act(0, { does: "PatchApplication", cluster, patch: { metadata: { annotations: { "conductor.dev/authorized": null } } } })],
      { ...FAILS, outcomes: ["RolledBack", "RollbackIncomplete", "Succeeded", "Failed"] },
    ],
    ["drops a refresh", [act(0, { does: "DropRefresh", cluster, times: 1 })], SAME],
    ["drops three refreshes", [act(0, { does: "DropRefresh", cluster, times: 3 })], SAME],
    [
      "has its Application put back by an ApplicationSet",
      [act(0, { does: "Revert", cluster, after: 500 })],
      { ...FAILS, outcomes: ["RolledBack", "RollbackIncomplete", "Succeeded", "Drifted"] },
    ],
    [
      "has its Application put back once",
      [act(0, { does: "Revert", cluster, after: 500, times: 1 })],
      { ...FAILS, outcomes: ["RolledBack", "RollbackIncomplete", "Succeeded", "Drifted"] },
    ],
  ];
}

function stagesOf({ moments }: Trace, wave: number): readonly Trace["moments"][number][] {
  return moments.filter(({ says }) => says === `wave ${wave} Progressing` || says === `wave ${wave} Soaking`);
}

export const R7: Row = {
  name: "R7",
  says: "what Argo CD says, and does not say",
  workloads: ["happy"],
  plans: (trace) => {
    const plan = planner("R7", trace);
    const waves = [
      ["eu", 1],
      ["us", 2],
      ["ap", 2],
      ["sa", 3],
    ] as const;
    return waves.flatMap(([cluster, wave]): Plan[] => [
      ...BEHAVIOURS.map(([says, behaviour, expects]) =>
        plan(
          `the revision ${says} in ${cluster}`,
          [{ kind: "Act", at: 0, act: { does: "Behave", cluster, revision: A, behaviour } }],
          expects,
        ),
      ),
      ...stagesOf(trace, wave).flatMap(({ at, says }) =>
        acts(cluster, at).map(([what, faults, expects]) => plan(`Argo CD of ${cluster} ${what} from ${says} on`, faults, expects)),
      ),
    ]);
  },
};
