import { Option, type Command } from "commander";
import { command, onCluster, withSession, type Context } from "../command.ts";
import type { Exit } from "../exit.ts";
import { releaseName, time } from "../flags.ts";
import { tellJob } from "../job.ts";
import { RELEASES, RUNS } from "../kinds.ts";
import { outputOption } from "../output.ts";
import { conclude } from "../release/conclude.ts";
import { follow } from "../release/follow.ts";
import { tellerFor } from "../release/tell.ts";
import type { Asked, Verdict } from "../release/verdict.ts";
import { viewOf } from "../release/view.ts";
import type { Session } from "../session.ts";
import type { Terminal, Where } from "../terminal.ts";

/** What `deploy` and `wait` have in common. */
export interface Following extends Where {
  readonly timeout: number;
  readonly waitApproval: boolean;
  readonly output?: "json" | "yaml";
}

const EXIT_CODES = `
Exit codes:
  0  arrived: every cluster is verified, but for those that were skipped or left out
  1  failed, aborted or deleted, or it cannot start
  2  wrong use: flags, names, rights, or no connection; nothing is known of the release
  3  rolled back: it failed, and went back to what was verified before
  4  superseded: somebody wants another revision now
  5  timed out: it goes on, nobody waits any more
  6  waits for approval (only with --no-wait-approval)
130  interrupted: it goes on`;

export function following(one: Command): Command {
  return onCluster(one)
    .addOption(new Option("--timeout <duration>", "how long to wait for its end").argParser(time).default(3_600_000, "1h"))
    .option(
      "--no-wait-approval",
      "wait for no person: end with exit code 6 when one is asked to approve, with 1 when failures have stopped it",
    )
    .addOption(outputOption("json", "yaml"))
    .addHelpText("after", EXIT_CODES);
}

interface Options extends Following {
  readonly revision?: string;
}

export function waitCommand(context: Context): Command {
  return following(
    command("wait <release>", "wait until a release has ended at the revision that was asked for, and say how", [
      "wait checkout.production --revision 4af8de61b2c05c9e3d7f8a1e6b0d94c2f5a71e38",
      "wait checkout.production --timeout 20m -o json",
    ]).option("--revision <revision>", "the revision that it shall arrive at; a newer one does not count. What is wished now by default"),
  ).action((release: string, options: Options) => {
    const { name } = releaseName(release);
    return withSession(context, options, async (session) => {
      const { spec } = await session.get(RELEASES, name);
      const asked: Asked = { revision: options.revision ?? spec.revision, waitForApproval: options.waitApproval };
      return followTo(context.terminal, session, name, asked, options);
    });
  });
}

/** Follows a wish to its verdict, shows how it goes, and says how it ended. */
export async function followTo(terminal: Terminal, session: Session, name: string, asked: Asked, options: Following): Promise<Exit> {
  const { verdict, release } = await follow(session, name, tellerFor(terminal, options.output !== undefined), asked, options.timeout);
  const { exit, outcome, message } = verdict;
  const run = release?.status?.run ?? null;
  const url = release?.status?.url ?? null;
  const { revision } = asked;
  const conclusion = { version: 1, name, namespace: session.namespace, revision, outcome, exitCode: exit, message, run, url } as const;
  await tellJob(terminal, conclusion, async () => {
    // Interrupted, or the API server is lost: how it ended is said all the same.
    const course = run === null ? undefined : await session.mayFind(RUNS, run).catch(() => undefined);
    return release === undefined ? { waves: null, clusters: [] } : viewOf(release, course);
  });
  return conclude(terminal, options.output ?? "text", conclusion, hintOf(name, revision, outcome));
}

/** What may be done now. */
function hintOf(name: string, revision: string, outcome: Verdict["outcome"]): string | undefined {
  const [deploy, wait] = ["deploy", "wait"].map((word) => `conductor ${word} ${name} --revision ${revision}`);
  switch (outcome) {
    case "Failed":
    case "RolledBack":
    case "RollbackIncomplete":
    case "Aborted":
      return `conductor explain ${name} says why; ${deploy} --retry tries it again`;
    case "StoppedByFailures":
      return `conductor resume ${name} goes on all the same, conductor abort ${name} ends it; ${wait} waits for what is decided`;
    case "WaitingForApproval":
      return `conductor approve ${name}, by somebody who may; ${wait} waits for the rest`;
    case "Succeeded":
    case "SucceededWithSkips":
    case "Superseded":
    case "Stalled":
    case "Refused":
    case "Deleted":
    case "TimedOut":
    case "Interrupted":
      return undefined;
  }
}
