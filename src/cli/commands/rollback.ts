import type { Command } from "commander";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, withSession, type Context } from "../command.ts";
import { EXIT } from "../exit.ts";
import { releaseName } from "../flags.ts";
import { RELEASES, RUNS } from "../kinds.ts";
import type { Verdict } from "../release/verdict.ts";
import { inFull, verifiedIn, wayBack } from "../release/wayback.ts";
import { Wrong } from "../wrong.ts";
import { act, acting, type Acting } from "./act.ts";
import { short } from "../words.ts";

interface Options extends Acting {
  readonly to?: string;
}

const ENDS = `
With --wait:
  0  it is back: every cluster is verified at the revision that was gone back to
  1  it is not: a cluster did not come back, or does not answer (RollbackIncomplete), or the rollback was aborted
  4  superseded: somebody wants another revision now
  5  timed out: it goes on, nobody waits any more`;

const DEED = {
  name: "rollback",
  action: "rollback-to",
  makesRun: true,
  refused: (release: string) => `conductor history ${release} shows what was verified`,
} as const;

export function rollbackCommand(context: Context): Command {
  return acting(
    command(
      "rollback <release>",
      "go back to a revision that was verified everywhere, in one wave without gates; a run in flight is aborted for it",
      [
        "rollback checkout.production                       # to what was verified last, before what is there now",
        "rollback checkout.production --to v1.4.1 --wait",
      ],
    ).option("--to <revision>", "the revision; of a commit 7 digits or more are enough"),
    true,
    ENDS,
  ).action((named: string, options: Options) => {
    const { name } = releaseName(named);
    return withSession(context, options, async (session) => {
      const release = await session.get(RELEASES, name);
      const { status } = release;
      if (options.to !== undefined) return go(release, inFull(options.to, verifiedIn(release)));
      if (status?.run === undefined) return go(release, release.spec.revision);
      const way = wayBack(release, await session.mayFind(RUNS, status.run));
      if (typeof way === "string") throw new Wrong(way);
      if (options.output === undefined) context.terminal.out.write(`${name} goes back to ${short(way.revision)}: ${way.why}\n`);
      return go(release, way.revision);

      function go(from: ServiceRelease, revision: string) {
        const ended = (verdict: Verdict, now: ServiceRelease | undefined): Verdict => isBack(verdict, now, revision);
        return act(context.terminal, session, { deed: DEED, release: from, argument: revision, ended }, options);
      }
    });
  });
}

/** For who has asked for it a rollback that is complete has arrived, and one that is not has failed. */
function isBack(verdict: Verdict, release: ServiceRelease | undefined, revision: string): Verdict {
  if (verdict.outcome === "RollbackIncomplete") return { ...verdict, exit: EXIT.failed };
  const last = release?.status?.history?.find(({ run }) => run === release.status?.run);
  return verdict.outcome === "RolledBack" && last?.kind === "Rollback" && last.revision === revision
    ? { ...verdict, exit: EXIT.arrived }
    : verdict;
}
