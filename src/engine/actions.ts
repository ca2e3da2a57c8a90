import { ACTIONS, type Action } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";

/** What people ask for by annotating a ServiceRelease, or a ReleaseRun: conductor.dev/<action>: <run>[/<argument>]. */

export interface Request {
  readonly action: Action;
  /** The annotation's value as it stands: with it the request is told from one that was handled before. */
  readonly value: string;
  readonly run: string;
  /** After the first slash: a cluster to skip, a revision to go back to, a remark. */
  readonly argument: string;
}

/** The prefix of the annotations. */
export const ACTION_PREFIX = "conductor.dev/";

/** Every request on a release, in the order of ACTIONS. */
export function requestsOn(annotations: Readonly<Record<string, string>>): readonly Request[] {
  return ACTIONS.flatMap((action): Request[] => {
    const value = annotations[`${ACTION_PREFIX}${action}`]?.trim();
    if (!value) return [];
    const slash = value.indexOf("/");
    const [run, argument] = slash < 0 ? [value, ""] : [value.slice(0, slash), value.slice(slash + 1)];
    return [{ action, value, run, argument }];
  });
}

/** Those that may stand on the run itself as well. */
const ON_RUNS: readonly Action[] = ["pause", "resume", "abort", "retry"];

/** The requests on a run, for who sees it and cannot write to its release, as an action in Argo CD's UI cannot: it names itself. */
export function requestsOnRun({ metadata }: Pick<ReleaseRun, "metadata">): readonly Request[] {
  return requestsOn(metadata.annotations).filter(({ action, run }) => ON_RUNS.includes(action) && run === metadata.name);
}

/** Those that a run in flight carries out itself. The others make a run of their own. */
export function isOfRun(action: Action): action is "pause" | "resume" | "abort" | "skip" {
  return action === "pause" || action === "resume" || action === "abort" || action === "skip";
}
