import type { Command } from "commander";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { EXIT, type Exit } from "../exit.ts";
import { names, releaseName, time } from "../flags.ts";
import { RELEASES } from "../kinds.ts";
import { coloured, sign, type Mood } from "../look.ts";
import { outputOption, printDocument } from "../output.ts";
import { ask, type Answer } from "../release/ask.ts";
import { DEEDS, SKIP, type Deed } from "../release/deeds.ts";
import { follow } from "../release/follow.ts";
import { tellerFor } from "../release/tell.ts";
import type { Verdict } from "../release/verdict.ts";
import type { Session } from "../session.ts";
import { lookOf, type Terminal, type Where } from "../terminal.ts";
import { Wrong } from "../wrong.ts";

export interface Acting extends Where {
  readonly output?: "json" | "yaml";
  /** false: not even for the conductor's answer. true: for the end of the run that is made; of what makes none it is always so. */
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly waitApproval?: boolean;
}

const EXIT_CODES = `
Exit codes:
  0  done: the conductor has noted it
  1  refused: the message says why
  2  wrong use: flags, names, rights, or no connection; nothing was asked
  5  the conductor has not answered within 15s; what was asked stands`;

const WITH_WAIT = `
With --wait it ends as "conductor wait" does: 0 arrived, 1 failed, 3 rolled back, 4 superseded, 5 timed out, 6 waits for approval.`;

/** Flags and exit codes of whatever asks something of a run. `ends`: what its --wait ends with. */
export function acting(one: Command, makesRun: boolean, ends = WITH_WAIT): Command {
  onCluster(one);
  // In this order, so that neither is the default: see Acting.
  if (makesRun) one.option("--wait", "wait until the run that it makes has ended, and say how");
  one.option("--no-wait", "ask, and do not wait for the conductor's answer");
  if (makesRun) one.option("--timeout <duration>", "with --wait: how long to wait for its end, 1h by default", time);
  // A rollback asks nobody.
  if (makesRun && ends === WITH_WAIT) one.option("--no-wait-approval", "with --wait: end with exit code 6 when people are asked");
  one.hook("preAction", () => {
    const { wait, timeout, waitApproval } = one.opts<Acting>();
    if (wait !== true && (timeout !== undefined || waitApproval === false))
      throw new Wrong("--timeout and --no-wait-approval go with --wait");
  });
  return one.addOption(outputOption("json", "yaml")).addHelpText("after", `${EXIT_CODES}${makesRun ? ends : ""}`);
}

function withoutArgument(deed: Deed): (context: Context) => Command {
  return (context) =>
    acting(command(`${deed.name} <release>`, deed.does, deed.examples), deed.makesRun).action((release: string, options: Acting) => {
      const { name } = releaseName(release);
      return withSession(context, options, async (session) =>
        act(context.terminal, session, { deed, release: await session.get(RELEASES, name), argument: undefined }, options),
      );
    });
}

function skipCommand(context: Context): Command {
  return acting(command("skip <release> <cluster>", SKIP.does, SKIP.examples), false).action(
    (release: string, cluster: string, options: Acting) => {
      const { name } = releaseName(release);
      const [argument, ...more] = names(cluster, []);
      if (argument === undefined || more.length > 0) throw new Wrong("skip takes out one cluster at a time: name one");
      return withSession(context, options, async (session) =>
        act(context.terminal, session, { deed: SKIP, release: await session.get(RELEASES, name), argument }, options),
      );
    },
  );
}

/** pause, resume and what else is asked with an annotation alone, and skip. */
export const ACT_COMMANDS = [...DEEDS.map(withoutArgument), skipCommand];

/** Something that is asked of a release. */
export interface Asking {
  readonly deed: Pick<Deed, "name" | "action" | "refused" | "makesRun">;
  readonly release: ServiceRelease;
  readonly argument: string | undefined;
  /** How the run that it makes has ended, where that is not what it is for a deploy. */
  readonly ended?: (verdict: Verdict, release: ServiceRelease | undefined) => Verdict;
}

/** Asks, says what became of it, and follows the run that is made, where that is wanted. */
export async function act(terminal: Terminal, session: Session, asking: Asking, options: Acting): Promise<Exit> {
  const { deed, release, argument } = asking;
  const { name } = release.metadata;
  const follows = deed.makesRun && options.wait === true;
  const said = await ask(session, release, { action: deed.action, argument }, options.wait !== false);
  const answer = deed.action === "resume" && said.result === "Done" ? withNote(said, release) : said;
  const exit = session.signal.aborted ? EXIT.interrupted : exitOf(answer);
  const isText = options.output === undefined;
  const look = lookOf(terminal);
  const line = (mood: Mood, result: string, message: string): void => {
    if (isText) terminal.out.write(`${sign(mood, look)} ${deed.name} ${name}: ${coloured(mood, result, look)}: ${message}\n`);
  };
  line(moodOf(answer), answer.result, answer.message);
  if (isText && answer.result === "Refused") terminal.out.write(`  ${deed.refused(name)}\n`);
  const { run, value, result } = answer;
  const isOn = result !== "Refused" && run !== null && value !== null && !session.signal.aborted;
  const end = follows && isOn ? await followed(terminal, session, asking, { run, value }, options) : undefined;
  if (end !== undefined) line(end.exit === EXIT.arrived ? "good" : end.exit <= EXIT.rolledBack ? "bad" : "asks", end.outcome, end.message);
  const exitCode = end?.exit ?? exit;
  if (options.output !== undefined)
    printDocument(terminal, options.output, {
      version: 1,
      name,
      namespace: session.namespace,
      action: deed.action,
      run,
      value,
      result,
      message: answer.message,
      end: end === undefined ? null : { outcome: end.outcome, run: end.run, message: end.message },
      exitCode,
    });
  return exitCode;
}

async function followed(
  terminal: Terminal,
  session: Session,
  { release, ended = (verdict) => verdict }: Asking,
  retried: { readonly run: string; readonly value: string },
  { output, timeout = 3_600_000, waitApproval = true }: Acting,
): Promise<Verdict & { readonly run: string | null }> {
  const asked = { revision: release.spec.revision, retried, waitForApproval: waitApproval };
  const found = await follow(session, release.metadata.name, tellerFor(terminal, output !== undefined), asked, timeout);
  return { ...ended(found.verdict, found.release), run: found.release?.status?.run ?? null };
}

/** The spec is not this command's to change: whoever declares the release has paused it there. */
function withNote(answer: Answer, { metadata, spec }: ServiceRelease): Answer {
  if (!spec.paused) return answer;
  return { ...answer, message: `${answer.message}; but spec.paused of ${metadata.name} is true: it stays paused until that is false` };
}

function exitOf({ result }: Answer): Exit {
  switch (result) {
    case "Done":
    case "Asked":
      return EXIT.arrived;
    case "Refused":
      return EXIT.failed;
    case "Unanswered":
      return EXIT.timedOut;
  }
}

function moodOf({ result }: Answer): Mood {
  switch (result) {
    case "Done":
      return "good";
    case "Asked":
      return "busy";
    case "Refused":
      return "bad";
    case "Unanswered":
      return "asks";
  }
}
