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
import type { Asked } from "../release/verdict.ts";
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
  1  failed or aborted, or it cannot start
  2  wrong use: flags, names, rights, or no connection; nothing is known of the release
  3  rolled back: it failed, and went back to what was verified before
  4  superseded: somebody wants another revision now
  5  timed out: it goes on, nobody waits any more
  6  waits for approval (only with --no-wait-approval)
130  interrupted: it goes on`;

export function following(one: Command): Command {
  return onCluster(one)
    .addOption(new Option("--timeout <duration>", "how long to wait for its end").argParser(time).default(3_600_000, "1h"))
    .option("--no-wait-approval", "end with exit code 6 when people are asked, instead of waiting for them")
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
      const revision = options.revision ?? (await session.get(RELEASES, name)).spec.revision;
      return followTo(context.terminal, session, name, { revision, waitForApproval: options.waitApproval }, options);
    });
  });
}

/** Follows a wish to its verdict, shows how it goes, and says how it ended. */
export async function followTo(terminal: Terminal, session: Session, name: string, asked: Asked, options: Following): Promise<Exit> {
  const { verdict, release } = await follow(session, name, tellerFor(terminal, options.output !== undefined), asked, options.timeout);
  const { exit, outcome, message } = verdict;
  const run = release?.status?.run ?? null;
  const { revision } = asked;
  const conclusion = { version: 1, name, namespace: session.namespace, revision, outcome, exitCode: exit, message, run } as const;
  await tellJob(terminal, conclusion, async () => {
    // Interrupted, or the API server is lost: how it ended is said all the same.
    const course = run === null ? undefined : await session.mayFind(RUNS, run).catch(() => undefined);
    return release === undefined ? { waves: null, clusters: [] } : viewOf(release, course);
  });
  return conclude(terminal, options.output ?? "text", conclusion, hintOf(name, exit));
}

function hintOf(name: string, exit: Exit): string | undefined {
  switch (exit) {
    case 1:
    case 3:
      return `conductor explain ${name} says why; conductor deploy --retry tries the same revision again`;
    case 6:
      return `conductor approve ${name}, by somebody who may; conductor wait ${name} waits for the rest`;
    case 0:
    case 2:
    case 4:
    case 5:
    case 130:
      return undefined;
  }
}
