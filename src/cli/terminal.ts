import type { Clock, Transport } from "#kube/ports.ts";
import type { Job } from "./job.ts";
import type { Look } from "./look.ts";
import { Wrong } from "./wrong.ts";

/** Which API server, as kubectl's flags say it. */
export interface Where {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  /** Whom to be, where one may impersonate. */
  readonly as?: string;
  readonly asGroup?: readonly string[];
}

/** The management cluster, as somebody's kubeconfig leads to it. */
export interface Connected {
  readonly transport: Transport;
  /** What was asked for, else the context's, else "default". */
  readonly namespace: string;
  /** For messages: host and port. */
  readonly server: string;
}

/** Whoever sits at the keyboard. */
export interface Input {
  /** Shows `question` and resolves with the line that is typed; undefined when none will be: Ctrl-C, Ctrl-D. */
  line(question: string): Promise<string | undefined>;
}

/** All that a command sees of the outside. */
export interface Terminal {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean };
  /** undefined where nobody can answer: in a pipe, in a pipeline. */
  readonly input: Input | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of no particular beginning. */
  readonly now: () => number;
  readonly clock: Clock;
  /** Aborts when the command shall end: Ctrl-C, or a pipeline's job is cancelled. */
  readonly interrupted: AbortSignal;
  /** Throws Wrong. */
  readonly connect: (where: Where) => Promise<Connected>;
  /** The names of a kubeconfig's contexts; none where it cannot be read. */
  readonly contexts: (where: Where) => Promise<readonly string[]>;
  /** The pipeline's job that it runs in. */
  readonly job?: Job;
}

/** Colours and drawing anew are for people at a terminal. */
export function isLively({ out, env }: Terminal): boolean {
  return out.isTTY === true && env["TERM"] !== "dumb" && !env["CI"];
}

export function hasColours({ out, env }: Terminal): boolean {
  return out.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}

export function widthOf({ out }: Terminal): number {
  return Math.max(60, out.columns ?? 80);
}

export function lookOf(terminal: Terminal): Look {
  return { colours: hasColours(terminal), width: widthOf(terminal) };
}

/** Whether whoever sits there says yes. Throws Wrong where nobody does. */
export async function agreed({ input }: Terminal, question: string): Promise<boolean> {
  if (input === undefined) throw new Wrong("nobody is at a terminal to be asked: give --yes to do it without");
  return /^\s*y(es)?\s*$/i.test((await input.line(`${question} [y/N] `)) ?? "");
}
