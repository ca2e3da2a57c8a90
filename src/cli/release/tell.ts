import type { WaitingReason } from "#api/reasons.ts";
import type { ReleaseRun } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { stamp } from "#api/conditions.ts";
import { Sections } from "../job.ts";
import { hasColours, isLively, widthOf, type Terminal } from "../terminal.ts";
import type { Teller } from "./follow.ts";
import { short, treeOf } from "./tree.ts";
import { viewOf } from "./view.ts";

/** For people a tree that is drawn anew, for a log a line for each change. */
export function tellerFor(terminal: Terminal, quiet: boolean): Teller {
  if (quiet) return { wantsRun: false, show: () => undefined };
  return isLively(terminal) ? new Picture(terminal) : new Lines(terminal);
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
    const room = Math.max(8, (out.rows ?? 40) - 2);
    // A wrapped line would be two to go back over: nothing is wider than the terminal.
    const look = {
      colours: hasColours(this.#terminal),
      width: widthOf(this.#terminal) - 1,
      now: clock.now(),
      most: Math.max(3, Math.floor(room / 3)),
    };
    const lines =
      `${treeOf(viewOf(release, run), look)}${lost === undefined ? "" : `  the API server is lost, and tried again: ${lost}\n`}`.split(
        "\n",
      );
    const text =
      lines.length > room
        ? `${lines.slice(0, room - 1).join("\n")}\n  … conductor status ${release.metadata.name} shows all\n`
        : lines.join("\n");
    if (text === this.#drawn) return;
    const up = this.#drawn.split("\n").length - 1;
    out.write(`${up > 0 ? `\u001b[${up}A\r\u001b[0J` : ""}${text}`);
    this.#drawn = text;
  }
}

/** How often small steps are told, and how often nothing new is, in milliseconds. */
const STEPS = 15_000;
const STILL = 60_000;

/** A line for each change that matters, now and then one for small steps; each begins with the time and the release, to be searched by either. */
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

  show(release: ServiceRelease, _run: undefined, lost: string | undefined): void {
    const { metadata, status } = release;
    const isOfThis = status?.observedGeneration === metadata.generation;
    if (isOfThis && status?.wave !== undefined) this.#sections.enter(`${metadata.name}, wave ${status.wave.summary}`);
    if (lost !== this.#lost)
      this.#line(release, lost === undefined ? "the API server answers again" : `the API server is lost, and tried again: ${lost}`);
    this.#lost = lost;
    for (const { name, phase, reason, message } of release.status?.clusters ?? []) {
      const isNews = phase === "Failed" || phase === "Reverted" || phase === "Unreachable" || phase === "Unknown" || phase === "RolledBack";
      if (isNews && this.#named.get(name) !== phase) this.#line(release, `cluster ${name} ${phase} ${reason}: ${message}`);
      this.#named.set(name, phase);
    }
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

  /** A message of several lines stays one: each line of a log says when, and of what. */
  #line({ metadata }: ServiceRelease, text: string): void {
    this.#terminal.out.write(`${stamp(this.#terminal.clock.now())} ${metadata.name} ${text.replaceAll(/\s+/g, " ")}\n`);
  }
}

/** What is worth a line at once: another phase or wave, a failure, and whom or what it waits for now. */
function turnOf({ metadata, status }: ServiceRelease): string {
  const { phase, wave, targets, waitingOn, observedGeneration } = status ?? {};
  const outside = waitingOn !== undefined && OUTSIDE.has(waitingOn.reason) ? `${waitingOn.reason} ${waitingOn.message}` : "";
  return [observedGeneration === metadata.generation, phase, wave?.current, targets?.failed, targets?.unreachable, outside].join(" ");
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
