import type { Outcome } from "#api/reasons.ts";
import { ADVICE, type Turn } from "./advice.ts";
import type { ClusterView, ReleaseView } from "./view.ts";

/**
 * Why a release is where it is, as `explain -o json` prints it: `about` is a reason to wait, an outcome or a phase; `turn` says who must act
 * for it to go on; `commands` are lines of shell.
 */
export interface Explanation {
  readonly version: 1;
  readonly name: string;
  readonly phase: ReleaseView["phase"];
  readonly about: string;
  readonly since: string | null;
  readonly message: string;
  readonly turn: Turn;
  readonly next: string;
  readonly nextCheck: string | null;
  readonly commands: readonly string[];
  /** The clusters that it is about, what matters first. */
  readonly clusters: readonly ClusterView[];
  /** What holds now. */
  readonly meanwhile: string;
}

export function explanationOf(view: ReleaseView): Explanation {
  const { name, phase, waitingOn } = view;
  const base = { version: 1, name, phase, clusters: clustersOf(view), meanwhile: meanwhile(view) } as const;
  if (waitingOn !== null) {
    const { reason, since, message, nextCheck } = waitingOn;
    const advice = adviceOn(reason);
    return {
      ...base,
      about: reason,
      since,
      message,
      turn: advice.turn,
      next: advice.next,
      nextCheck,
      commands: advice.run.map((line) => filled(line, view)),
    };
  }
  const ended = ENDED[phase];
  const { turn, next, run } = ended ?? { turn: "nobody", next: "The conductor is at work", run: [] };
  return {
    ...base,
    about: phase,
    since: view.run?.finishedAt ?? null,
    message: view.message,
    turn,
    next,
    nextCheck: null,
    commands: run.map((line) => filled(line, view)),
  };
}

interface End {
  readonly turn: Turn;
  readonly next: string;
  readonly run: readonly string[];
}

const HELD = "The revision is held: nothing is tried again until another one is released, or somebody asks for it";
const RETRY = ["conductor history RELEASE", "conductor retry RELEASE", "conductor retry-failed RELEASE"];

/** What follows an end; what is in flight has none. */
const ENDED: Readonly<Partial<Record<ReleaseView["phase"], End>>> = {
  Succeeded: { turn: "nobody", next: "It has arrived, and nothing is awaited", run: [] },
  SucceededWithSkips: {
    turn: "nobody",
    next: "It has arrived but for the clusters that were skipped or left out; those left out are caught up when they answer",
    run: [],
  },
  Failed: { turn: "people", next: HELD, run: RETRY },
  RolledBack: { turn: "people", next: HELD, run: RETRY },
  RollbackIncomplete: {
    turn: "people",
    next: `${HELD}. What could not be reached goes back as soon as it answers`,
    run: ["conductor clusters", ...RETRY],
  },
  Aborted: { turn: "people", next: `Somebody has ended it, and its clusters stay as they are. ${HELD}`, run: RETRY },
  Superseded: { turn: "nobody", next: "A newer wish has taken its place", run: ["conductor history RELEASE"] },
  Drifted: {
    turn: "people",
    next: "Somebody has changed what was verified: release again to put it back, or change it back",
    run: ["conductor retry RELEASE"],
  },
  Unknown: {
    turn: "nobody",
    next: "What was verified cannot be seen: it is known again when the clusters answer",
    run: ["conductor clusters"],
  },
} satisfies Partial<Record<ReleaseView["phase"], End>> & Record<Outcome | "Drifted" | "Unknown", End>;

function adviceOn(reason: string): End {
  const known: Readonly<Record<string, End | undefined>> = ADVICE;
  return (
    known[reason] ?? { turn: "nobody", next: "This command does not know the reason: use one of the conductor's own version", run: [] }
  );
}

function filled(line: string, { name, run, clusters }: ReleaseView): string {
  return line
    .replace("RELEASE", name)
    .replace("RUN", run?.name ?? "RUN")
    .replace("CLUSTER", clusters[0]?.name ?? "CLUSTER");
}

/** Those that hold it up: where it waits for something about them, or they have failed. */
function clustersOf({ clusters, waitingOn }: ReleaseView): readonly ClusterView[] {
  const about = clusters.filter(({ reason }) => reason === waitingOn?.reason);
  const bad = clusters.filter(
    ({ phase }) => phase === "Failed" || phase === "Reverted" || phase === "Drifted" || phase === "Unknown" || phase === "Unreachable",
  );
  return [...new Set([...bad, ...about])];
}

function meanwhile({ targets, revision, stable }: ReleaseView): string {
  if (targets === null) return "nothing was written for it";
  const { total, updated, ready } = targets;
  const old = stable === null || stable === revision ? "" : `; the others hold what they held before`;
  return `${updated} of ${total} clusters hold the wanted revision, ${ready} of them verified${updated === total ? "" : old}`;
}
