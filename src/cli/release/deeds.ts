import type { Action } from "#api/reasons.ts";

/** What a command asks of a release's newest run, and how it is described. */
export interface Deed {
  readonly name: string;
  readonly action: Action;
  readonly does: string;
  readonly examples: readonly string[];
  /** What helps where it was refused. */
  readonly refused: (release: string) => string;
  /** Whether a run of its own is made, that can be followed to its end. */
  readonly makesRun: boolean;
}

const look = (release: string): string => `conductor status ${release} shows how it stands`;

/** What is asked with no further argument. */
export const DEEDS: readonly Deed[] = [
  {
    name: "pause",
    action: "pause",
    does: "pause the run in flight: what is in flight is finished, soak included, and no cluster is started",
    examples: ["pause checkout.production"],
    refused: look,
    makesRun: false,
  },
  {
    name: "resume",
    action: "resume",
    does: "end a pause of the run in flight, and accept the failures at which it has stopped",
    examples: ["resume checkout.production"],
    refused: look,
    makesRun: false,
  },
  {
    name: "abort",
    action: "abort",
    does: "end the run in flight: clusters stay as they are, and the revision is not tried again by itself",
    examples: ["abort checkout.production"],
    refused: look,
    makesRun: false,
  },
  {
    name: "retry",
    action: "retry",
    does: "release the same revision once more, from the first wave",
    examples: ["retry checkout.production", "retry checkout.production --wait --timeout 30m"],
    refused: (release) => `conductor deploy ${release} --revision REVISION releases something else; ${look(release)}`,
    makesRun: true,
  },
  {
    name: "retry-failed",
    action: "retry-failed",
    does: "release the same revision once more to what is not verified; what is verified is verified again, and not written",
    examples: ["retry-failed checkout.production --wait"],
    refused: (release) => `conductor retry ${release} releases it once more from the first wave; ${look(release)}`,
    makesRun: true,
  },
  {
    name: "confirm",
    action: "confirm",
    does: "confirm that the clusters which are gone since the last run are meant to be: they are no longer waited for",
    examples: ["confirm checkout.production"],
    refused: look,
    makesRun: false,
  },
];

export const SKIP: Deed = {
  name: "skip",
  action: "skip",
  does: "take a cluster out of the run in flight: it stays as it is, counts for nothing, and is not caught up",
  examples: ["skip checkout.production eu-west-1"],
  refused: (release) => `conductor status ${release} --most 1000 lists its clusters`,
  makesRun: false,
};
