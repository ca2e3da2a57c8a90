import { plural } from "../words.ts";
import { fail, ok, warn, type Check } from "./check.ts";
import type { Asked, Reading } from "./reading.ts";

/** At most so many lines for one release. */
const MOST = 5;

/** Whether releases could go where they shall, as the conductor answers: consent of every owner, and nobody who would undo it. */
export function checkReleases(reading: Reading): readonly Check[] {
  const { releases, asked, unasked, pulse } = reading;
  if ("trouble" in releases) return [warn("releases", null, releases.trouble, null)];
  if (releases.value.length === 0) return [ok("releases", null, "there are none yet")];
  if (pulse.kind !== "Answers")
    return [
      warn("releases", null, "whether they could start is not known: the conductor was not heard", "see the line about the conductor"),
    ];
  const rest = unasked === 0 ? [] : [ok("releases", null, `${plural(unasked, "release")} more were not asked about: name one to do so`)];
  return [...asked.flatMap(checkRelease), ...rest];
}

function checkRelease({ release, status }: Asked): readonly Check[] {
  const { phase, reason, message = "", clusters = [], plan, blockers = [] } = status ?? {};
  switch (phase) {
    case undefined:
    case "Pending":
      return [
        warn("releases", release, `not answered in time${message === "" ? "" : `: ${message}`}`, "run doctor for this release again"),
      ];
    case "Refused": {
      if (reason === "Unanswered" || reason === "TooManyPreviews") return [warn("releases", release, message, null)];
      const first = clusters
        .slice(0, MOST)
        .map((one) => fail("releases", `${release}, ${one.name}`, `${one.reason}: ${one.message}`, null));
      if (first.length === 0) return [fail("releases", release, `${reason ?? "Refused"}: ${message}`, null)];
      const more = clusters.length - first.length;
      return [
        ...first,
        ...(more > 0
          ? [fail("releases", release, `${plural(more, "cluster")} more speak against it`, `conductor plan ${release} names them`)]
          : []),
      ];
    }
    case "Planned": {
      const warnings = (plan?.warnings ?? []).map((one) => warn("releases", `${release}, ${one.cluster}`, one.message, null));
      const unsafe = blockers.filter((one) => one.reason === "ApprovalUnsafe").map((one) => warn("releases", release, one.message, null));
      const found = [...warnings.slice(0, MOST), ...unsafe];
      if (warnings.length > MOST)
        found.push(
          warn(
            "releases",
            release,
            `${plural(warnings.length - MOST, "cluster")} more have an owner that may undo it`,
            `conductor plan ${release} names them`,
          ),
        );
      if (found.length > 0) return found;
      if (plan === undefined) return [ok("releases", release, message)];
      const targets = plural(plan.targets.length, "cluster");
      return [
        ok("releases", release, `the next revision could start, on ${targets}: every owner consents, and none is seen that would undo it`),
      ];
    }
  }
}
