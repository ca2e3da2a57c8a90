import { EXIT, type Exit } from "../exit.ts";
import { coloured, sign, type Mood } from "../look.ts";
import { printDocument } from "../output.ts";
import { hasColours, widthOf, type Terminal } from "../terminal.ts";
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
}

/** Says how it ended; resolves with the exit code. `hint`: what may be done about it. */
export function conclude(terminal: Terminal, output: "text" | "json" | "yaml", conclusion: Conclusion, hint: string | undefined): Exit {
  const { name, revision, outcome, message, exitCode } = conclusion;
  if (output !== "text") printDocument(terminal, output, conclusion);
  else {
    const look = { colours: hasColours(terminal), width: widthOf(terminal) };
    const mood = moodOf(exitCode);
    terminal.out.write(
      `${sign(mood, look)} ${name} at ${revision}: ${coloured(mood, outcome, look)} (exit code ${exitCode}): ${message}\n`,
    );
    if (hint !== undefined) terminal.out.write(`  ${hint}\n`);
  }
  return exitCode;
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
