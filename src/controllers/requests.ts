import { cut } from "#api/conditions.ts";
import { ACTIONS, type Action } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease, ServiceReleaseStatus } from "#api/servicerelease.ts";
import { isOfRun, requestsOn, requestsOnRun, type Request } from "#engine/actions.ts";
import { asked, mainRun, type Intent, type Wish } from "#engine/next.ts";
import { refusalOf } from "./orders.ts";
import { numberIn } from "./runindex.ts";

export type Answers = NonNullable<ServiceReleaseStatus["actions"]>;

export interface Requests {
  /**
   * What became of each request on the release and its runs, of two with one action what names the newer run; those that are still to
   * be done are not among them.
   */
  readonly answers: Answers;
  /** The run that a person asks for, once none is in flight. */
  readonly intent: Intent | undefined;
  /** Whether a person has confirmed that clusters are gone. */
  readonly confirmed: boolean;
}

/** What people ask for on a release or one of its runs, and what became of it. */
export function requestsOf(release: ServiceRelease, wish: Wish, runs: readonly ReleaseRun[]): Requests {
  const found = new Map<Action, Answers[number]>();
  let intent: Intent | undefined;
  const inFlight = runs.at(-1)?.status?.finishedAt === undefined ? runs.at(-1) : undefined;
  for (const request of [...requestsOn(release.metadata.annotations), ...runs.flatMap(requestsOnRun)]) {
    const before = release.status?.actions?.find(({ action, value }) => action === request.action && value === request.value);
    const result = before ?? answer(request, wish, runs, inFlight);
    if (result === undefined) continue;
    if ("kind" in result) intent ??= result;
    else if (isNewer(result, found.get(result.action))) found.set(result.action, { ...result, message: cut(result.message) });
  }
  const answers = ACTIONS.flatMap((action) => found.get(action) ?? []);
  const newest = [runs.at(-1)?.metadata.name, mainRun(runs)?.metadata.name];
  const confirmed = answers.some(
    ({ action, value, result }) => action === "confirm" && result === "Done" && newest.includes(value.split("/", 1)[0]),
  );
  return { answers, intent, confirmed };
}

function isNewer({ value }: Answers[number], than: Answers[number] | undefined): boolean {
  return than === undefined || numberOfRun(value) > numberOfRun(than.value);
}

/** Of a request's value, which begins with its run. */
function numberOfRun(value: string): number {
  return numberIn(value.split("/", 1)[0] ?? "");
}

function answer(
  request: Request,
  wish: Wish,
  runs: readonly ReleaseRun[],
  inFlight: ReleaseRun | undefined,
): Answers[number] | Intent | undefined {
  const { action, value } = request;
  const said = (result: Answers[number]["result"], message: string): Answers[number] => ({ action, value, result, message });
  const named = runs.find(({ metadata }) => metadata.name === request.run);
  if (isOfRun(action)) {
    if (named?.status?.actions?.some((one) => one.action === action && one.value === value) === true)
      return said("Done", `noted by ${request.run}`);
    const newest = runs.at(-1)?.metadata.name;
    if (named === undefined || request.run !== newest)
      return newest === undefined
        ? said("Refused", "there is no run yet")
        : said("Refused", `it names run ${request.run}, and the newest is ${newest}: what was meant for one run is not done to another`);
    if (inFlight === undefined) return said("Refused", `${request.run} has ended`);
    const refusal = refusalOf(request, named);
    return refusal === undefined ? undefined : said("Refused", refusal);
  }
  const made = runs.find(({ spec }) => spec.cause?.action === action && spec.cause.value === value);
  if (made !== undefined) return said("Done", `${made.metadata.name} was made`);
  if (action === "confirm") {
    const main = mainRun(runs)?.metadata.name;
    return request.run === main || request.run === runs.at(-1)?.metadata.name
      ? said("Done", "clusters that are gone since then are no longer waited for")
      : said("Refused", `it names run ${request.run}, and the newest is ${main ?? "none"}`);
  }
  const next = asked(request, wish, runs);
  if (typeof next === "string") return said("Refused", next);
  return inFlight === undefined ? next : undefined;
}
