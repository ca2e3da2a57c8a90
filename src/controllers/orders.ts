import { stamp } from "#api/conditions.ts";
import type { Action } from "#api/reasons.ts";
import type { ReleaseRun, RunStatus } from "#api/releaserun.ts";
import { LIMITS } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { isOfRun, requestsOn, requestsOnRun, type Request } from "#engine/actions.ts";
import type { Orders, RunState } from "#engine/world.ts";

type Handled = NonNullable<RunStatus["actions"]>;

/** What people ask of this run, noted or not: on its release and on itself, each once. */
export function requestsFor(run: ReleaseRun, release: ServiceRelease): readonly Request[] {
  const all = [...requestsOn(release.metadata.annotations), ...requestsOnRun(run)].filter((one) => one.run === run.metadata.name);
  return all.filter(({ action, value }, index) => index === all.findIndex((one) => one.action === action && one.value === value));
}

/**
 * What people ask of this run, and that it has not noted yet. What is for another run, or makes no sense, is the release's to
 * refuse. To go back to a revision that `isVerified` ends the run first.
 */
export function newRequests(run: ReleaseRun, release: ServiceRelease, isVerified: (revision: string) => boolean): readonly Request[] {
  const noted = run.status?.actions ?? [];
  return requestsFor(run, release).filter(
    (request) =>
      (isOfRun(request.action)
        ? refusalOf(request, run) === undefined
        : request.action === "rollback-to" && isVerified(request.argument)) &&
      !noted.some(({ action, value }) => action === request.action && value === request.value),
  );
}

/** Why a run cannot do what is asked of it; undefined when it can. */
export function refusalOf({ action, argument, run: named }: Request, run: ReleaseRun): string | undefined {
  if (run.status?.rollback !== undefined) return `${named} is going back to what was verified: nothing holds that up`;
  if (action !== "skip" || run.spec.targets.some(({ cluster }) => cluster === argument)) return undefined;
  return argument === "" ? `it names no cluster: write ${named}/<cluster>` : `${argument} is not among the targets of ${named}`;
}

/**
 * The requests that a run has noted, with new ones. Stamps have a second: what is asked of a run that has stopped is later than
 * its stop, and what was asked before is not. What is asked still stays: it would be noted
 * anew if it were forgotten.
 */
export function noted(run: ReleaseRun, release: ServiceRelease, requests: readonly Request[], now: number): Handled {
  const { actions: before = [], stop } = run.status ?? {};
  const standing = requestsFor(run, release);
  const at = stamp(stop === undefined ? now : Math.max(now, Date.parse(stop.startedAt) + 1000));
  const all = [...before, ...requests.map(({ action, value }) => ({ action, value, at }))];
  // What is forgotten first has a later one of its kind: the last pause, and an abort, stay.
  const isLater = (action: Action, index: number): boolean => all.findLastIndex((one) => one.action === action) > index;
  const stands = (action: Action, value: string): boolean => standing.some((one) => one.action === action && one.value === value);
  while (all.length > LIMITS.actions)
    all.splice(
      all.findIndex(({ action, value }, index) => isLater(action, index) && !stands(action, value)),
      1,
    );
  return all;
}

/** What people want of a run now: of what contradicts, the latest counts. */
export function ordersOf({ status }: ReleaseRun, release: ServiceRelease, { stop }: RunState): Orders {
  const actions = status?.actions ?? [];
  const last = actions.findLast(({ action }) => action === "pause" || action === "resume");
  const back = actions.find(({ action }) => action === "rollback-to");
  const skips = actions.filter(({ action }) => action === "skip").map(({ value }) => value.slice(value.indexOf("/") + 1));
  const resumedAt = last?.action === "resume" ? Date.parse(last.at) : -Infinity;
  return {
    paused: release.spec.paused || last?.action === "pause",
    aborted: actions.some(({ action }) => action === "abort" || action === "rollback-to"),
    ...(back === undefined ? {} : { backTo: back.value.slice(back.value.indexOf("/") + 1) }),
    resumed: stop !== undefined && resumedAt > Math.floor(stop.at / 1000) * 1000,
    skipped: new Set(skips),
  };
}
