import { appendFileSync } from "node:fs";
import {
  annotation,
  dotenv,
  harmless,
  outputs,
  pipelineOf,
  sectionEnd,
  sectionStart,
  summary,
  type Course,
  type Ending,
  type Pipeline,
} from "./pipeline.ts";
import type { Terminal } from "./terminal.ts";

/** The job of a pipeline that a command runs in. */
export interface Job {
  readonly pipeline: Pipeline;
  /** Writes to the log what the pipeline shall carry out; everything else that is written is only shown. */
  readonly out: (commands: string) => void;
  readonly err: (commands: string) => void;
}

/** In a pipeline, whatever a command writes is harmless. A person who is there sees it as it is. */
export function inJob(terminal: Terminal): Terminal {
  const pipeline = pipelineOf(terminal.env);
  const { out, err } = terminal;
  if (pipeline === undefined || out.isTTY === true) return terminal;
  return {
    ...terminal,
    out: { write: (text) => out.write(harmless(text)) },
    err: { write: (text) => err.write(harmless(text)) },
    job: { pipeline, out: (commands) => void out.write(commands), err: (commands) => void err.write(commands) },
  };
}

/** Parts of a log that can be folded, one after another. Outside of a pipeline there are none. */
export class Sections {
  readonly #terminal: Terminal;
  #open: string | undefined;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** Ends the part before, unless it is this one. */
  enter(name: string): void {
    if (name === this.#open) return;
    this.leave();
    const { job, clock } = this.#terminal;
    job?.out(sectionStart(job.pipeline, name, name, clock.now()));
    this.#open = name;
  }

  leave(): void {
    const { job, clock } = this.#terminal;
    if (this.#open !== undefined) job?.out(sectionEnd(job.pipeline, this.#open, clock.now()));
    this.#open = undefined;
  }
}

/** Tells the job how a release has ended: beside its log, on its page, and to the steps and jobs after it. */
export async function tellJob({ job, env, err }: Terminal, ending: Ending, course: () => Promise<Course>): Promise<void> {
  if (job === undefined) return;
  const append = (variable: string, text: string): void => {
    const file = env[variable];
    if (file === undefined || file === "") return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      // The release is what counts: what became of it is in the log, and in the exit code.
      err.write(`${variable} was not written: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  };
  switch (job.pipeline) {
    case "GitLab":
      return append("CONDUCTOR_DOTENV", dotenv(ending));
    case "GitHub":
      job.err(annotation(ending) ?? "");
      append("GITHUB_OUTPUT", outputs(ending));
      if (env["GITHUB_STEP_SUMMARY"]) append("GITHUB_STEP_SUMMARY", summary(ending, await course()));
  }
}
