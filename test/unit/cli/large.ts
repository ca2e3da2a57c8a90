import type { ReleaseRun, TargetStatus } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { plannedWave, R1, R2, release, run } from "#test/build.ts";

/** When it is looked at. */
export const LARGE_NOW = Date.UTC(2026, 10, 20, 12);

const SIZES = { canary: 10, europe: 300, rest: 690 } as const;

type Trouble = Pick<TargetStatus, "phase" | "reason" | "message">;

/** What is not as it should be in the second wave, by the number of the cluster. */
const TROUBLES: ReadonlyMap<number, Trouble> = new Map<number, Trouble>([
  [57, { phase: "Failed", reason: "Degraded", message: "health is Degraded: Deployment checkout: back-off restarting failed container" }],
  [
    203,
    {
      phase: "Failed",
      reason: "SyncFailed",
      message: "the sync has failed: one or more objects failed to apply: admission webhook denied the request",
    },
  ],
  [301, { phase: "Unknown", reason: "WatchLost", message: "its API server does not answer any more: connect ECONNREFUSED" }],
  [12, { phase: "Unreachable", reason: "Unreachable", message: "its API server does not answer: request timed out" }],
  ...Array.from({ length: 40 }, (_, index): [number, Trouble] => [
    60 + index,
    { phase: "Syncing", reason: "OperationRunning", message: "Argo CD is syncing" },
  ]),
]);

const stamp = (secondsAgo: number): string => new Date(LARGE_NOW - secondsAgo * 1000).toISOString().replace(".000", "");

/** A release to 1,000 clusters in the middle of its second wave: two have failed, two are out of reach, forty are being synced. */
export function large(): { readonly release: ServiceRelease; readonly run: ReleaseRun } {
  const waves = Object.entries(SIZES);
  const names = Array.from({ length: 1000 }, (_, index) => `cluster-${`${index + 1}`.padStart(4, "0")}`);
  const waveOf = (index: number): number => (index < SIZES.canary ? 1 : index < SIZES.canary + SIZES.europe ? 2 : 3);
  const targets = names.map((cluster, index): TargetStatus => {
    const trouble = TROUBLES.get(index);
    if (trouble !== undefined) return { cluster, ...trouble, since: stamp(75) };
    const untouched = waveOf(index) === 3 || index >= 250;
    return untouched
      ? { cluster, phase: "Pending", reason: "Planned", message: "in the plan, not touched yet", since: stamp(1500) }
      : { cluster, phase: "Ready", reason: "Verified", message: "verified", since: stamp(300), written: true };
  });
  const count = (...phases: readonly TargetStatus["phase"][]): number => targets.filter(({ phase }) => phases.includes(phase)).length;
  const counts = {
    total: 1000,
    updated: count("Ready", "Syncing", "Failed", "Unknown"),
    ready: count("Ready"),
    failed: 2,
    unreachable: 2,
    summary: `${count("Ready")}/1000`,
  };
  const waitingOn = {
    reason: "Targets",
    message: "cluster-0061: Argo CD is syncing (and 39 more)",
    since: stamp(75),
  } as const;
  const made = run({
    number: 8,
    author: "dana",
    waves: waves.map(([name, size]) => plannedWave(name, { maxConcurrency: Math.ceil(size / 5), maxFailures: 3, maxUnreachable: 30 })),
    targets: names.map((cluster, index) => ({ cluster, wave: waveOf(index) })),
    status: {
      observedGeneration: 1,
      phase: "Progressing",
      startedAt: stamp(1500),
      counts,
      waitingOn,
      waves: [
        { name: "canary", phase: "Verified", startedAt: stamp(1500), verifiedAt: stamp(800), soakedSeconds: 600 },
        { name: "europe", phase: "Progressing", startedAt: stamp(800), soakedSeconds: 0 },
        { name: "rest", phase: "Pending", soakedSeconds: 0 },
      ],
      targets,
    },
  });
  const notable = targets.filter(({ phase }) => phase !== "Ready" && phase !== "Pending");
  return {
    run: made,
    release: release(
      {},
      {
        observedGeneration: 7,
        phase: "Progressing",
        conditions: [
          {
            type: "Ready",
            status: "False",
            reason: "Progressing",
            message: waitingOn.message,
            observedGeneration: 7,
            lastTransitionTime: stamp(1500),
          },
        ],
        revision: { desired: R2, stable: R1 },
        wave: { current: 2, total: 3, summary: "2/3" },
        targets: counts,
        waitingOn,
        clusters: notable.slice(0, 50).map(({ cluster, phase, reason, message }) => ({ name: cluster, phase, reason, message })),
        run: made.metadata.name,
      },
    ),
  };
}
