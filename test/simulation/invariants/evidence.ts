import { baselineOf, phaseOf, revisionAt, targetOf } from "./books.ts";
import { stored, type Sight } from "./sight.ts";
import { SLACK } from "./timeline.ts";

/** 6: Ready, and back at what was verified, are said only of an Application that gave all evidence, for the settle time and with a look after it. */

/** How long a report may be behind what it reports, in milliseconds: reports are written once a second. */
const REPORTED = 2000;
const UNSEEN = 300_000;

export function* evidence(sight: Sight): Iterable<string> {
  const found = stored(sight);
  if (found === undefined) return;
  const { before, next } = found;
  const { weather, books, write } = sight;
  for (const target of next.spec.targets) {
    const [was, is] = [phaseOf(before, target.cluster), phaseOf(next, target.cluster)];
    const back = is === "RolledBack" && targetOf(next, target.cluster)?.reason === "Verified";
    if (is === was || (is !== "Ready" && !back)) continue;
    const revision = (back ? baselineOf(next, target) : revisionAt(next, target.desired)) ?? "";
    const timeline = books.timeline(target);
    const since = timeline?.since(revision, write.at - (weather.disturbed ? UNSEEN : REPORTED));
    const what = `${target.cluster} is stored as ${is} at ${revision.slice(0, 8)}`;
    if (timeline === undefined || since === undefined) {
      yield `${what}, and its Application says: ${timeline?.facts?.missing ?? `it holds ${timeline?.facts?.revision.slice(0, 8) ?? "nothing"}`}`;
      continue;
    }
    if (write.at - since < weather.settle - SLACK)
      yield `${what} after ${write.at - since} ms of evidence, and it must hold for ${weather.settle}`;
    else if (timeline.heardSince(since + weather.settle - weather.behind) < 1)
      yield `${what}, and Argo CD has not looked since the evidence had settled`;
    const { failed } = timeline.facts ?? {};
    if (!back && failed !== undefined && failed.revision === revision && Date.parse(failed.startedAt) > found.book.createdAt)
      yield `${what}, and a sync to it has failed since the plan`;
  }
}
