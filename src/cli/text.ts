import { chart, legend, styled, type Bar, type Look, type Row } from "./chart.ts";
import type { Report, RunReport, WaveReport } from "./report.ts";
import { clock, duration, plural, some, wrapped } from "./words.ts";

/** At most so many lines about one kind of thing. */
const LINES = 8;
const WIDE = 12;

/** A report for people: a chart, what happened, and how long it may take. */
export function textOf(report: Report, look: Look): string {
  const rows = report.runs.flatMap(rowsOf);
  // What does not end goes on for a while.
  const total = Math.max(1, report.outcome.at) * (report.outcome.ended ? 1 : 1.2);
  return [
    ...head(report, look),
    "",
    ...chart(["WAVE", "CLUSTERS", "START", "END", "TOOK"], rows, total, look),
    "",
    legend(rows, look),
    ...happened(report, look),
    "",
    ...closing(report, look),
    "",
  ].join("\n");
}

function head({ release, fleet, faults, seed }: Report, { width, colours }: Look): readonly string[] {
  const { fail, unreachable, slow } = faults;
  const asked = [
    ...(fail.length === 0 ? [] : [`fails on ${some(fail)}`]),
    ...(unreachable.length === 0 ? [] : [`out of reach: ${some(unreachable.map(lasting))}`]),
    ...(slow.length === 0 ? [] : [`slow: ${some(slow.map(lasting))}`]),
  ];
  const title = `${release.name}: ${short(release.before)} → ${short(release.revision)}, ${plural(fleet.clusters, "cluster")}`;
  return [`${styled(colours, "bold", title)} (seed ${seed})`, ...[...fleet.notes, ...asked].map((note) => wrapped("  ", note, width))];
}

function lasting({ cluster, seconds }: { readonly cluster: string; readonly seconds: number | null }): string {
  return seconds === null ? cluster : `${cluster} (${duration(seconds)})`;
}

function short(revision: string): string {
  if (/^[0-9a-f]{40}$/.test(revision)) return `${revision.slice(0, 7)}…`;
  return revision.length > 24 ? `${revision.slice(0, 15)}…` : revision;
}

function rowsOf({ waves, rollback }: RunReport): readonly Row[] {
  const rows = waves.map(({ name, clusters, start, end, segments, failed }): Row => {
    return row(name, clusters, start, end, { segments, failures: failed.map(({ at }) => at) });
  });
  if (rollback === null) return rows;
  const { restored, missed, start, end } = rollback;
  const bar: Bar = { segments: [{ kind: "Rollback", from: start, to: end }], failures: [] };
  return [...rows, row("rollback", restored.length + missed.length, start, end, bar)];
}

function row(name: string, clusters: number, start: number | null, end: number | null, bar: Bar): Row {
  const took = start === null || end === null ? "" : clock(Math.round(end) - Math.round(start));
  const label = name.length > 16 ? `${name.slice(0, 15)}…` : name;
  return { cells: [label, `${clusters}`, start === null ? "never" : clock(start), end === null ? "" : clock(end), took], bar };
}

interface Line {
  readonly at: number;
  readonly text: string;
}

/** What went otherwise than wished, in the order of time. */
function happened(report: Report, { width }: Look): readonly string[] {
  const lines = report.runs.flatMap((run) => [...run.waves.flatMap(eventsOf), ...backOf(run)]);
  const caught = report.clusters.flatMap(({ name, caughtUp }): Line[] =>
    caughtUp === null ? [] : [{ at: caughtUp, text: `${name} is caught up` }],
  );
  const all = [...lines, ...few(caught, "caught up")].toSorted((a, b) => a.at - b.at);
  if (all.length === 0) return [];
  const wide = Math.max(...all.map(({ at }) => clock(at).length));
  return ["", ...all.map(({ at, text }) => wrapped(`  ${clock(at).padStart(wide)}  `, text, width))];
}

function eventsOf({ name, failed, leftOut, segments, end }: WaveReport): readonly Line[] {
  const bad = failed.map(({ cluster, at, reason, message }): Line => ({ at, text: `${cluster} fails (${reason}): ${message}` }));
  const soaked = segments.find(({ kind }) => kind === "Soak")?.from ?? end;
  const left = leftOut.length === 0 || soaked === null ? [] : [{ at: soaked, text: `wave ${name} goes on without ${some(leftOut)}` }];
  const stopped = segments.find(({ kind }) => kind === "Paused");
  const paused = stopped === undefined ? [] : [{ at: stopped.from, text: `wave ${name} stops: a person decides how it goes on` }];
  return [...few(bad, "fail"), ...left, ...paused];
}

function backOf({ rollback }: RunReport): readonly Line[] {
  if (rollback === null) return [];
  const { start, end, reason, restored, missed } = rollback;
  const count = restored.length + missed.length;
  const who = missed.length === 0 ? plural(count, "cluster") : `${restored.length} of the ${count} clusters that were changed`;
  const is = restored.length === 1 ? "is" : "are";
  const back = end === null || restored.length === 0 ? [] : [{ at: end, text: `${who} ${is} back at what was verified before` }];
  const lost = missed.map(({ cluster, message }): Line => ({ at: end ?? start, text: `${cluster} is not back: ${message}` }));
  // The clusters and their reasons stand above it.
  return [{ at: start, text: `goes back: ${reason.split(":", 2).join(":")}` }, ...back, ...few(lost, "are not back")];
}

function few(lines: readonly Line[], what: string): readonly Line[] {
  const [first, ...rest] = lines.slice(LINES);
  if (first === undefined) return lines;
  const last = Math.max(first.at, ...rest.map(({ at }) => at));
  return [...lines.slice(0, LINES), { at: last, text: `and ${rest.length + 1} more ${what}` }];
}

function closing(report: Report, look: Look): readonly string[] {
  const { outcome } = report;
  const style = outcome.phase.startsWith("Succeeded") ? "green" : outcome.ended ? "red" : "yellow";
  const phase = styled(look.colours, style, outcome.phase);
  const how = outcome.ended ? `${phase} after ${clock(outcome.at)}` : `${phase} since ${clock(outcome.at)}, and nothing moves by itself`;
  const line = (name: string, text: string): string => wrapped(name.padEnd(WIDE), text, look.width);
  return [line("outcome", `${how}: ${outcome.message}`), ...longestOf(report).map(([name, text]) => line(name, text))];
}

function longestOf({ longest: { good, bad }, outcome, faults }: Report): readonly (readonly [string, string])[] {
  const slow = faults.slow.length > 0 ? "when nothing fails and clusters are as slow as asked" : "when nothing fails";
  if (bad === null) {
    const why = good.message === outcome.message ? "" : `: ${good.message}`;
    return [["at best", `${good.phase} ${good.ended ? "after" : "from"} ${clock(good.at)}, even ${slow}${why}`]];
  }
  const one = bad.clusters.length === 1;
  const who = one ? some(bad.clusters) : `${plural(bad.clusters.length, "cluster")} (${some(bad.clusters, 3)})`;
  const end = bad.ended ? `${bad.phase} after ${clock(bad.at)}` : `${bad.phase} from ${clock(bad.at)} on, for a person to decide`;
  const when = `in the last moment of the last wave (${clock(bad.failFrom)})`;
  const given = `${one ? "is" : "are"} given up after the progress deadline (${duration(bad.progressDeadline)})`;
  return [
    ["at best", `${clock(good.at)} until the last wave is verified, ${slow}`],
    [
      "worst case",
      `${end}: ${when} ${who} ${one ? "stops" : "stop"} being healthy without being Degraded, and ${given}; then onFailure: ${bad.onFailure}`,
    ],
  ];
}
