import type { Command } from "commander";
import type { ReleaseApproval } from "#api/releaseapproval.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { EXIT, type Exit } from "../exit.ts";
import { releaseName } from "../flags.ts";
import { APPROVALS, RELEASES } from "../kinds.ts";
import { coloured, sign, type Mood } from "../look.ts";
import { outputOption, printDocument } from "../output.ts";
import {
  approvers,
  isChosen,
  isOpen,
  questionsOf,
  questionTable,
  questionText,
  questionView,
  subject,
  type Chosen,
} from "../release/questions.ts";
import type { Session } from "../session.ts";
import { agreed, lookOf, widthOf, type Terminal, type Where } from "../terminal.ts";
import { Denied, Wrong } from "../wrong.ts";

type Decision = "Approve" | "Reject";

interface Options extends Where, Chosen {
  readonly reason?: string;
  readonly yes?: true;
  readonly output?: "json" | "yaml";
}

const EXIT_CODES = `
On a terminal it shows what would be decided, and asks; elsewhere it takes --yes. Who may decide is held by the API server.

Exit codes:
  0  recorded: your decision is in the ReleaseApproval, under your own name
  1  refused: nothing waits for a decision, you may not decide it, it was decided already, or you said no
  2  wrong use: flags, names, rights, or no connection; several wait, and none was chosen`;

function deciding(one: Command): Command {
  return onCluster(one)
    .option("--wave <name>", "of several that wait: the one of this wave")
    .option("--freeze <name>", "of several that wait: the one of this FreezeWindow")
    .option("--approval <name>", "of several that wait: the ReleaseApproval of this name")
    .option("-y, --yes", "decide without being asked")
    .addOption(outputOption("json", "yaml"))
    .addHelpText("after", EXIT_CODES);
}

export function approveCommand(context: Context): Command {
  return deciding(
    command("approve <release>", "approve what a release asks people: that a wave begins, or that it goes through a freeze", [
      "approve checkout.production",
      "approve checkout.production --wave rest --yes",
      'approve checkout.production --freeze year-end --reason "fixes the outage"',
    ]).option("--reason <text>", "why"),
  ).action((release: string, options: Options) => decide(context, "Approve", release, options));
}

export function rejectCommand(context: Context): Command {
  return deciding(
    command("reject <release>", "reject what a release asks people: one rejection is enough", [
      'reject checkout.production --reason "the campaign starts at noon"',
    ]).option("--reason <text>", "why: whoever has released reads it; required"),
  ).action((release: string, options: Options) => {
    if (options.reason === undefined || options.reason.trim() === "")
      throw new Wrong('a rejection needs a reason, for whoever has released: --reason "…"');
    return decide(context, "Reject", release, options);
  });
}

function decide(context: Context, decision: Decision, named: string, options: Options): Promise<void> {
  const { terminal } = context;
  const release = releaseName(named);
  return withSession(context, options, async (session) => {
    const tell = (answer: Answer): Exit =>
      told(terminal, { decision, release: release.name, namespace: session.namespace }, answer, options);
    // Who decides need not have the right to read releases: it only helps to say more.
    const found = await session.mayFind(RELEASES, release.name);
    const all = await questionsOf(session, release, found?.status?.run);
    const question = chosen(all, options);
    if (question === undefined) return tell({ result: "Refused", message: nothing(release.name, all, options, found) });
    const { out, clock } = terminal;
    if (options.output === undefined) out.write(questionText(question, widthOf(terminal), clock.now()));
    const user = await session.user();
    if (options.yes !== true && !(await agreed(terminal, `${decision} this as ${user}?`)))
      return tell({ result: "Refused", message: "you said no: nothing was decided", question, user });
    try {
      const after = await record(session, question, user, decision, options.reason);
      return tell({ result: "Recorded", message: follows(after, user, decision), question: after, user });
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      return tell({ result: "Refused", message: error.message, question, user });
    }
  });
}

/** The one that is meant; undefined where none waits. Throws Wrong where that is not clear. */
function chosen(all: readonly ReleaseApproval[], by: Chosen): ReleaseApproval | undefined {
  const open = all.filter(isOpen);
  const [first, ...more] = open.filter((one) => isChosen(one, by));
  if (first === undefined && open.length > 0 && !all.some((one) => isChosen(one, by)))
    throw new Wrong(`nothing of that name waits for a decision; there is:\n${questionTable(open).trimEnd()}`);
  if (more.length > 0)
    throw new Wrong(
      `${more.length + 1} wait for a decision, choose one with --wave, --freeze or --approval:\n${questionTable([...(first === undefined ? [] : [first]), ...more]).trimEnd()}`,
    );
  return first;
}

function nothing(name: string, all: readonly ReleaseApproval[], by: Chosen, release: ServiceRelease | undefined): string {
  const waits = release?.status?.waitingOn;
  const phase = release?.status?.phase;
  const now = waits === undefined ? (phase === undefined ? "" : `; it is ${phase}`) : `; it waits on ${waits.reason}: ${waits.message}`;
  const decided = all
    .filter((one) => !isOpen(one) && isChosen(one, by))
    .map(({ metadata, status }) => `${metadata.name} is ${status?.phase ?? ""}`);
  return `nothing of ${name} waits for a decision${decided.length === 0 ? "" : ` (${decided.join(", ")})`}${now}`;
}

/** One writes one's own name, and nothing else: the rest the admission policies refuse. The uid holds that it is what was shown. */
function record(
  session: Session,
  question: ReleaseApproval,
  user: string,
  decision: Decision,
  reason: string | undefined,
): Promise<ReleaseApproval> {
  // null takes away the reason of what one has decided before.
  const decisions = { [user]: { decision, reason: reason ?? null } };
  return session.patch(APPROVALS, question.metadata.name, { metadata: { uid: question.metadata.uid }, spec: { decisions } });
}

function follows(question: ReleaseApproval, user: string, decision: Decision): string {
  const { metadata, spec } = question;
  const on = `by ${user} on ${metadata.name}`;
  if (decision === "Reject")
    return spec.purpose === "Wave"
      ? `${on}: wave ${spec.wave ?? ""} does not begin, and the run ends or goes back`
      : `${on}: the freeze holds`;
  const have = approvers(question).length;
  return `${on}, ${have} of ${spec.count} approvals${have < spec.count ? "" : `: ${subject(question)}`}`;
}

interface Answer {
  readonly result: "Recorded" | "Refused";
  readonly message: string;
  readonly question?: ReleaseApproval;
  readonly user?: string;
}

function told(
  terminal: Terminal,
  { decision, release, namespace }: { readonly decision: Decision; readonly release: string; readonly namespace: string },
  { result, message, question, user }: Answer,
  { output, reason }: Options,
): Exit {
  const exitCode = result === "Recorded" ? EXIT.arrived : EXIT.failed;
  const mood: Mood = result === "Recorded" ? "good" : "bad";
  const look = lookOf(terminal);
  if (output === undefined)
    terminal.out.write(`${sign(mood, look)} ${decision.toLowerCase()} ${release}: ${coloured(mood, result, look)}: ${message}\n`);
  else
    printDocument(terminal, output, {
      version: 1,
      name: release,
      namespace,
      decision,
      user: user ?? null,
      reason: reason ?? null,
      result,
      message,
      question: question === undefined ? null : questionView(question),
      exitCode,
    });
  return exitCode;
}
