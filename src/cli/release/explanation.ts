import type { Outcome } from "#api/reasons.ts";
import { ADVICE, type Advice, type Turn } from "./advice.ts";
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
  const { name, phase, waitingOn, message, run } = view;
  const end = { reason: phase, since: run?.finishedAt ?? null, message, nextCheck: null };
  const about = waitingOn ?? end;
  const advice = waitingOn === null ? (ENDED[phase] ?? AT_WORK) : adviceOn(waitingOn.reason);
  return {
    version: 1,
    name,
    phase,
    clusters: clustersOf(view),
    meanwhile: meanwhile(view),
    about: about.reason,
    since: about.since,
    message: about.message,
    turn: advice.turn,
    next: advice.next,
    nextCheck: about.nextCheck,
    commands: advice.run.map((line) => filled(line, view)),
  };
}

const AT_WORK: Advice = { turn: "nobody", next: "The conductor is at work", run: [] };
const UNKNOWN: Advice = { turn: "nobody", next: "This command does not know the reason: use one of the conductor's own version", run: [] };

const HELD = "The revision is held: nothing is tried again until another one is released, or somebody asks for it";
const RETRY = ["conductor history RELEASE", "conductor retry RELEASE", "conductor retry-failed RELEASE"];

/** What follows an end; what is in flight has none. */
const ENDED: Readonly<Partial<Record<ReleaseView["phase"], Advice>>> = {
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
} satisfies Partial<Record<ReleaseView["phase"], Advice>> & Record<Outcome | "Drifted" | "Unknown", Advice>;

function adviceOn(reason: string): Advice {
  const known: Readonly<Record<string, Advice | undefined>> = ADVICE;
  return known[reason] ?? UNKNOWN;
}

function filled(line: string, { name, clusters }: ReleaseView): string {
  return line.replace("RELEASE", name).replace("CLUSTER", clusters[0]?.name ?? "CLUSTER");
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
