import { releaseRun } from "#api/releaserun.ts";
import { RESOURCES } from "#simulation/scenario.ts";
import { CONDUCTOR } from "#simulation/simulation.ts";
import { factsOf } from "./facts.ts";
import { steering, type Sight } from "./sight.ts";

/** 3: no write without the consent of its Application, and no plan that one of its reachable targets does not consent to. */

/** How old a view may be that a plan is made on, in milliseconds: long where watches are disturbed. */
const FRESH = 5000;
const STALE = 300_000;

export function* consent(sight: Sight): Iterable<string> {
  const { write, books, weather } = sight;
  const found = steering(sight);
  if (found !== undefined) {
    const run = found.book?.run;
    const entry = run === undefined ? undefined : entryOf(run.metadata.namespace, run.spec);
    if (entry !== undefined && !factsOf(found.before).consents.includes(entry))
      yield `${write.server} ${write.key} is written and does not consent to ${entry}`;
  }
  if (write.who !== CONDUCTOR || write.resource !== RESOURCES.runs || write.verb !== "create" || write.after === undefined) return;
  const run = releaseRun.parse(write.after);
  const entry = entryOf(run.metadata.namespace, run.spec);
  for (const target of run.spec.targets) {
    if (target.live === undefined) continue;
    const timeline = books.timeline(target);
    const from = write.at - (weather.disturbed ? STALE : FRESH);
    if (timeline === undefined || !timeline.consented(entry, from))
      yield `the plan covers ${target.cluster}, whose Application does not consent to ${entry}`;
  }
}

function entryOf(namespace: string, { service, environment }: { readonly service: string; readonly environment: string }): string {
  return `${namespace}/${service}.${environment}`;
}
