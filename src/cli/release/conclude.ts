import { EXIT, type Exit } from "../exit.ts";
import { coloured, sign, type Mood } from "../look.ts";
import { printDocument } from "../output.ts";
import { isLively, lookOf, type Terminal } from "../terminal.ts";
import { wrapped } from "../words.ts";
import { tell } from "./tell.ts";
import type { Verdict } from "./verdict.ts";

/** How a followed release has ended, as `deploy -o json` and `wait -o json` print it. */
export interface Conclusion {
  readonly version: 1;
  readonly name: string;
  readonly namespace: string;
  readonly revision: string;
  readonly outcome: Verdict["outcome"];
  readonly exitCode: Exit;
  readonly message: string;
  readonly run: string | null;
  /** Where people see it, where the conductor says. */
  readonly url: string | null;
}

/** Says how it ended; resolves with the exit code. `hint`: what may be done about it. */
export function conclude(terminal: Terminal, output: "text" | "json" | "yaml", conclusion: Conclusion, hint: string | undefined): Exit {
  const { name, revision, outcome, message, exitCode } = conclusion;
  if (output !== "text") printDocument(terminal, output, conclusion);
  else {
    const look = lookOf(terminal);
    const mood = moodOf(exitCode);
    const said = `at ${revision}: ${outcome} (exit code ${exitCode})`;
    if (isLively(terminal)) {
      // How a run has ended stands in the tree above it.
      const line = wrapped("  ", `${name} ${said}${isInTree(outcome) ? "" : `: ${message}`}`, look.width).slice(2);
      terminal.out.write(`${sign(mood, look)} ${line.replace(outcome, coloured(mood, outcome, look))}\n`);
      if (hint !== undefined) terminal.out.write(`${wrapped("  ", hint, look.width)}\n`);
    } else {
      tell(terminal, name, `${said}: ${message}`);
      if (hint !== undefined) tell(terminal, name, `next: ${hint}`);
    }
  }
  return exitCode;
}

function isInTree(outcome: Verdict["outcome"]): boolean {
  switch (outcome) {
    case "Succeeded":
    case "SucceededWithSkips":
    case "Failed":
    case "RolledBack":
    case "RollbackIncomplete":
    case "Aborted":
      return true;
    case "Superseded":
    case "Stalled":
    case "StoppedByFailures":
    case "WaitingForApproval":
    case "Refused":
    case "Deleted":
    case "TimedOut":
    case "Interrupted":
      return false;
  }
}

function moodOf(exit: Exit): Mood {
  switch (exit) {
    case EXIT.arrived:
      return "good";
    case EXIT.failed:
    case EXIT.wrong:
    case EXIT.rolledBack:
      return "bad";
    case EXIT.superseded:
    case EXIT.timedOut:
    case EXIT.waitsForApproval:
    case EXIT.interrupted:
      return "asks";
  }
}
