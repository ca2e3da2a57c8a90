import type { WaitingReason } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { stamp } from "#api/conditions.ts";
import { Sections } from "../job.ts";
import { hasColours, isLively, type Terminal } from "../terminal.ts";
import { clipped } from "../table.ts";
import type { Teller } from "./follow.ts";
import { treeOf } from "./tree.ts";
import { viewOf } from "./view.ts";
import { short } from "../words.ts";

/** For people a tree that is drawn anew, for a log a line for each change. */
export function tellerFor(terminal: Terminal, quiet: boolean): Teller {
  if (quiet) return { wantsRun: false, show: () => undefined };
  return isLively(terminal) ? new Picture(terminal) : new Lines(terminal);
}

/**
 * A line about a release; in a log it begins with the time and the release, to be searched by either. A message of several lines
 * stays one there: each line of a log says when, and of what.
 */
export function tell(terminal: Terminal, name: string, text: string): void {
  const line = isLively(terminal) ? `${name} ${text}` : `${stamp(terminal.clock.now())} ${name} ${text.replaceAll(/\s+/g, " ")}`;
  terminal.out.write(`${line}\n`);
}

/** Draws over what it drew before. */
class Picture implements Teller {
  readonly wantsRun = true;
  readonly #terminal: Terminal;
  #drawn = "";

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(release: ServiceRelease, run: ReleaseRun | undefined, lost: string | undefined): void {
    const { out, clock } = this.#terminal;
    const room = Math.max(3, (out.rows ?? 40) - 2);
    // A line that the terminal wraps would be two to go back over: nothing is wider than it is.
    const width = (out.columns ?? 80) - 1;
    const look = { colours: hasColours(this.#terminal), width, now: clock.now(), most: Math.max(3, Math.floor(room / 3)) };
    const lines = treeOf(viewOf(release, run), look).trimEnd().split("\n");
    const last = lost === undefined ? [] : [`  the API server is lost, and tried again: ${lost}`];
    const space = room - last.length;
    const shown = lines.length <= space ? lines : [...lines.slice(0, space - 1), `  … conductor status ${release.metadata.name} shows all`];
    const text = [...shown, ...last].map((line) => `${clipped(line, width)}\n`).join("");
    if (text === this.#drawn) return;
    const up = this.#drawn.split("\n").length - 1;
    out.write(`${up > 0 ? `\u001b[${up}A\r\u001b[0J` : ""}${text}`);
    this.#drawn = text;
  }
}

/** How often small steps are told, and how often nothing new is, in milliseconds. */
const STEPS = 15_000;
const STILL = 60_000;

/** A line for each change that matters, now and then one for small steps. */
class Lines implements Teller {
  readonly wantsRun = false;
  readonly #terminal: Terminal;
  #turn = "";
  #saidAt = -Infinity;
  #said = "";
  #lost: string | undefined;
  readonly #named = new Map<string, string>();
  readonly #sections: Sections;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#sections = new Sections(terminal);
  }

  show(release: ServiceRelease, _run: undefined, lost: string | undefined, last: boolean): void {
    const { metadata, status } = release;
    const isOfThis = status?.observedGeneration === metadata.generation;
    if (isOfThis && status?.wave !== undefined) this.#sections.enter(`${metadata.name}, wave ${status.wave.summary}`);
    // Each attempt may fail in words of its own: that it is lost is said once.
    if ((lost === undefined) !== (this.#lost === undefined))
      this.#line(release, lost === undefined ? "the API server answers again" : `the API server is lost, and tried again: ${lost}`);
    this.#lost = lost;
    for (const { name, phase, reason, message } of release.status?.clusters ?? []) {
      // What went back before this began is told by how it ended.
      const isNews =
        phase === "Failed" ||
        phase === "Reverted" ||
        phase === "Unreachable" ||
        phase === "Unknown" ||
        (phase === "RolledBack" && this.#saidAt !== -Infinity);
      if (isNews && this.#named.get(name) !== phase) this.#line(release, `cluster ${name} ${phase} ${reason}: ${message}`);
      this.#named.set(name, phase);
    }
    if (last) return;
    const said = summaryOf(release);
    const turn = turnOf(release);
    const since = this.#terminal.clock.now() - this.#saidAt;
    if (turn === this.#turn && (said === this.#said ? since < STILL : since < STEPS)) return;
    this.#line(release, said);
    this.#turn = turn;
    this.#said = said;
    this.#saidAt = this.#terminal.clock.now();
  }

  end(): void {
    this.#sections.leave();
  }

  #line({ metadata }: ServiceRelease, text: string): void {
    tell(this.#terminal, metadata.name, text);
  }
}

/** What is worth a line at once: another phase or wave, a failure, and whom or what it waits for now. */
function turnOf({ metadata, status }: ServiceRelease): string {
  const { phase, wave, targets, waitingOn, observedGeneration } = status ?? {};
  const outside = waitingOn !== undefined && OUTSIDE.has(waitingOn.reason) ? `${waitingOn.reason} ${waitingOn.message}` : "";
  return [observedGeneration === metadata.generation, phase, wave?.current, targets?.failed ?? 0, targets?.unreachable ?? 0, outside].join(
    " ",
  );
}

const OUTSIDE: ReadonlySet<WaitingReason> = new Set(["Soak", "Paused", "Failures", "Freeze", "Approval", "Analysis", "Dependency"]);

/** Where a release stands, in one line. */
function summaryOf({ metadata, spec, status }: ServiceRelease): string {
  if (status === undefined || status.observedGeneration !== metadata.generation)
    return `revision ${short(spec.revision)} is declared, the conductor has not looked at it yet`;
  const { phase = "Pending", wave, targets, waitingOn, conditions } = status;
  const message =
    waitingOn === undefined
      ? conditions?.find(({ type }) => type === "Ready")?.message
      : `waits on ${waitingOn.reason}: ${waitingOn.message}`;
  const parts = [
    phase,
    ...(wave === undefined ? [] : [`wave ${wave.summary}`]),
    ...(targets === undefined ? [] : [`${targets.summary} ready`, ...(targets.failed > 0 ? [`${targets.failed} failed`] : [])]),
  ];
  return `${parts.join(", ")}${message === undefined || message === "" ? "" : `: ${message}`}`;
}
