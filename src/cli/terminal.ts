import type { Clock, Transport } from "#kube/ports.ts";
import type { Job } from "./job.ts";

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

/** All that a command sees of the outside. */
export interface Terminal {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean };
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
