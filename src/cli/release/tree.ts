import { cut } from "#api/conditions.ts";
import { coloured, moodOfRelease, moodOfTarget, moodOfWave, sign, type Look } from "../look.ts";
import { ago, lasting, short, wrapped } from "../words.ts";
import { UNSEEN, type ClusterView, type ReleaseView, type WaveView } from "./view.ts";

export interface TreeLook extends Look {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How many clusters of one wave are shown, at most. */
  readonly most: number;
}

/** A release as a tree of waves and clusters: what matters comes first, and what is as it should be is counted. */
export function treeOf(view: ReleaseView, look: TreeLook): string {
  const { name, phase, revision, stable, waitingOn, message, targets, run } = view;
  const mood = moodOfRelease(phase);
  const counts =
    targets === null
      ? ""
      : `   ${targets.ready}/${targets.total} ready${targets.failed > 0 ? `, ${targets.failed} failed` : ""}${targets.unreachable > 0 ? `, ${targets.unreachable} out of reach` : ""}`;
  const lines = [`${sign(mood, look)} ${name}   ${coloured(mood, phase, look)}${counts}`];
  const before = stable === null || stable === revision ? "" : `, last verified everywhere: ${short(stable)}`;
  lines.push(`  revision ${short(revision)}${before}`);
  if (run !== null)
    lines.push(
      `  run ${run.name}${run.kind === "Forward" ? "" : ` (${run.kind} to ${short(run.revision)})`}${timed(run.startedAt, run.finishedAt, look.now)}${run.author === null ? "" : ` by ${run.author}`}`,
    );
  if (!view.observed && message !== UNSEEN) lines.push("  the conductor has not looked at the newest spec yet");
  if (waitingOn !== null) lines.push(wrapped(`  waiting on ${waitingOn.reason}: `, said(waitingOn, look), look.width));
  else if (message !== "") lines.push(wrapped("  ", message, look.width));
  if (view.waves === null) lines.push(...clusterLines(view.clusters, "", look));
  else {
    const outside = view.clusters.filter(({ name: one }) =>
      view.waves?.every(({ clusters }) => clusters.every((other) => other.name !== one)),
    );
    const drifted = view.clusters.filter(({ phase: at }) => at === "Drifted" && !outside.some((one) => one.phase === at));
    const parts: (readonly [WaveView | string, readonly ClusterView[]])[] = view.waves.map((wave) => [wave, wave.clusters]);
    const since = [...drifted, ...outside];
    if (since.length > 0) parts.push(["since", since]);
    for (const [index, [wave, clusters]] of parts.entries()) {
      const isLast = index === parts.length - 1;
      lines.push(`${isLast ? "└─ " : "├─ "}${typeof wave === "string" ? "since then" : waveLine(wave, run?.finishedAt ?? null, look)}`);
      const indent = isLast ? "   " : "│  ";
      if (typeof wave !== "string") lines.push(...wave.gates.map((gate) => gateLine(gate, indent, look)));
      lines.push(...clusterLines(clusters, indent, look));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** `over`: when its run ended, for a wave that was never verified. */
function waveLine({ name, phase, ready, total, startedAt, verifiedAt }: WaveView, over: string | null, look: TreeLook): string {
  const mood = moodOfWave(phase);
  return `${sign(mood, look)} ${name}   ${ready}/${total}   ${coloured(mood, phase, look)}${timed(startedAt, verifiedAt ?? over, look.now)}`;
}

function gateLine({ kind, object, phase, message }: WaveView["gates"][number], indent: string, look: Look): string {
  const text = wrapped("  ", `${kind} ${object} ${phase}${message === "" ? "" : `: ${message}`}`, look.width - indent.length);
  return `${indent}${gateSign(phase, look)} ${text.slice(2).replaceAll("\n", `\n${indent}`)}`;
}

function gateSign(phase: WaveView["gates"][number]["phase"], look: Look): string {
  switch (phase) {
    case "Pending":
      return sign("idle", look);
    case "Waiting":
      return sign("asks", look);
    case "Passed":
      return sign("good", look);
    case "Failed":
    case "Inconclusive":
      return sign("bad", look);
  }
}

/** Those that are not as they should be, one by one; the rest in numbers. */
function clusterLines(clusters: readonly ClusterView[], indent: string, look: TreeLook): readonly string[] {
  const notable = clusters.filter(({ phase }) => phase !== "Ready" && phase !== "Pending");
  // A handful is shown whole, once something happens to it.
  const whole =
    clusters.length <= 5 &&
    (notable.length > 0 || (clusters.some(({ phase }) => phase === "Pending") && clusters.some(({ phase }) => phase === "Ready")));
  const shown = (whole ? clusters : notable).slice(0, look.most);
  const rest = clusters.slice(shown.length);
  const wide = Math.max(0, ...shown.map(({ name }) => name.length));
  const lines = shown.map((one) => clusterLine(one, indent, wide, look));
  if (rest.length === 0 || (shown.length === 0 && rest.every(({ phase }) => phase === rest[0]?.phase))) return lines;
  const counts = new Map<string, number>();
  for (const { phase } of rest) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return [...lines, `${indent}  ${shown.length > 0 ? "and " : ""}${[...counts].map(([phase, count]) => `${count} ${phase}`).join(", ")}`];
}

function clusterLine({ name, phase, reason, message, since }: ClusterView, indent: string, wide: number, look: TreeLook): string {
  const mood = moodOfTarget(phase);
  const why = phase === "Ready" || message === "" ? "" : `  ${reason}: ${message}`;
  const age = since === null || phase === "Pending" || phase === "Ready" ? "" : ` ${ago(since, look.now)}`;
  const line = `${indent}  ${name.padEnd(wide)}  ${phase}${age}`;
  const text =
    mood === "bad" || mood === "asks" ? wrapped(`${line}  `, `${reason}: ${message}`, look.width) : cut(`${line}${why}`, look.width);
  return text.replace(`${indent}  `, `${indent}${sign(mood, look)} `);
}

function timed(from: string | null, to: string | null, now: number): string {
  if (from === null) return "";
  return to === null ? `   for ${ago(from, now)}` : `   in ${ago(from, Date.parse(to))}`;
}

function said({ reason, message, nextCheck }: NonNullable<ReleaseView["waitingOn"]>, { now }: TreeLook): string {
  const left = nextCheck === null ? 0 : Date.parse(nextCheck) - now;
  // When a question expires is in its message, and is not what is hoped for.
  return left > 0 && reason !== "Approval" ? `${message} (looked at again in ${lasting(left)})` : message;
}
