import { cut } from "#api/conditions.ts";
import { coloured, sign, type Look } from "../look.ts";
import { duration, plural, short, wrapped } from "../words.ts";
import type { PlannedTargetView, PlannedWaveView, PlanView } from "./view.ts";

/** At most so many clusters of a wave, one by one. */
const MOST = 10;

/** A plan for people: what would hold it up first, then wave by wave what would be written where. */
export function planText(plan: PlanView, look: Look): string {
  const { name, revision, phase, message, kind, waves, blockers, warnings, unchanged } = plan;
  const lines: string[] = [];
  if (phase === "Refused") {
    lines.push(
      `${sign("bad", look)} ${name} at ${short(revision)} ${coloured("bad", "would not start", look)} (${plan.reason ?? ""})`,
      wrapped("  ", message, look.width),
    );
    for (const { cluster, reason, message: why } of plan.refused.slice(0, MOST))
      if (!message.includes(why)) lines.push(wrapped(`  ${cluster}  `, `${reason}: ${why}`, look.width));
    return `${lines.join("\n")}\n`;
  }
  const count = waves.reduce((sum, { targets }) => sum + targets.length, 0);
  const what = unchanged
    ? "nothing would be done"
    : `${kind === "Forward" ? "" : `${kind}, `}${plural(count, "cluster")} in ${plural(waves.length, "wave")}`;
  lines.push(`${sign(blockers.length > 0 ? "asks" : "good", look)} ${name} to ${short(revision)}: ${what}`);
  if (unchanged) lines.push(wrapped("  ", message, look.width));
  for (const { reason, message: why, until } of blockers)
    lines.push(
      wrapped(
        `  ${coloured("asks", `held up by ${reason}`, look)}: `,
        `${why}${until === null || why.includes(until) ? "" : ` (until ${until})`}`,
        look.width,
      ),
    );
  for (const { cluster, message: why } of warnings.slice(0, MOST))
    lines.push(wrapped(`  ${coloured("asks", "warning", look)}: ${cluster}: `, why, look.width));
  if (warnings.length > MOST) lines.push(`  and ${warnings.length - MOST} warnings more (-o json has all)`);
  for (const [index, wave] of waves.entries()) lines.push(...waveLines(wave, index === waves.length - 1, look));
  return `${lines.join("\n")}\n`;
}

function waveLines(wave: PlannedWaveView, isLast: boolean, look: Look): readonly string[] {
  const { name, targets, maxConcurrency, maxFailures, minSuccessSeconds, gates } = wave;
  const how = [
    plural(targets.length, "cluster"),
    ...(targets.length > 1 ? [`${maxConcurrency} at once`] : []),
    ...(maxFailures > 0 ? [`${maxFailures} may fail`] : []),
    minSuccessSeconds > 0 ? `soaks ${duration(minSuccessSeconds)}` : "no soak",
  ];
  const indent = isLast ? "   " : "│  ";
  const shown = targets.slice(0, MOST);
  const wide = Math.max(0, ...shown.map(({ cluster }) => cluster.length));
  return [
    `${isLast ? "└─ " : "├─ "}${name}   ${how.join(", ")}`,
    ...gates.map((gate) => `${indent}${sign("asks", look)} ${gate}`),
    ...shown.map((target) => cut(`${indent}${target.cluster.padEnd(wide)}  ${saidOf(target)}`, look.width)),
    ...(targets.length > MOST ? [`${indent}and ${targets.length - MOST} more`] : []),
  ];
}

function saidOf({ changes, seen, healthy, baseline, application }: PlannedTargetView): string {
  const shown = changes.map(
    ({ field, from, to }) =>
      `${field === "targetRevision" ? "" : `${field} `}${seen ? short(from ?? "(none)") : "?"} → ${short(to ?? "(none)")}`,
  );
  const notes = [
    ...(seen ? [] : ["does not answer now"]),
    ...(healthy === false ? ["not Healthy now"] : []),
    ...(baseline ? [] : ["nothing known to go back to"]),
  ];
  return `${shown.length === 0 ? "holds it already" : shown.join(", ")}   ${application}${notes.length === 0 ? "" : `   (${notes.join("; ")})`}`;
}
