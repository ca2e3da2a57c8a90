import type { Command } from "commander";
import type { Outcome, RunKind, RunPhase } from "#api/reasons.ts";
import type { ReleaseRun, RunCause } from "#api/releaserun.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { releaseName } from "../flags.ts";
import { RELEASES, RUNS } from "../kinds.ts";
import { coloured, moodOfRelease } from "../look.ts";
import { nameOf, outputOption, printDocument, type Output } from "../output.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { lookOf, type Terminal, type Where } from "../terminal.ts";
import { ago, duration, short } from "../words.ts";

interface Options extends Where {
  readonly output?: Output;
}

/** A run as `history -o json` prints it; null for what is not known, or has not come to pass. */
interface Entry {
  readonly run: string;
  readonly kind: RunKind;
  readonly revision: string;
  /** How it ended; the phase of one in flight. */
  readonly phase: Outcome | RunPhase;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly seconds: number | null;
  readonly author: string | null;
  readonly cause: RunCause | null;
  readonly message: string | null;
}

export function historyCommand(context: Context): Command {
  return onCluster(
    command("history <release>", "show what was released before and how it ended, newest first", [
      "history checkout.production",
      "history checkout.production -o wide",
    ]),
  )
    .addOption(outputOption("json", "yaml", "wide", "name"))
    .addHelpText(
      "after",
      "\nWho released, and why a run was made, is shown where ReleaseRuns may be read; so is the run in flight. conductor rollback goes back to one of them.",
    )
    .action((release: string, options: Options) => {
      const { name } = releaseName(release);
      return withSession(context, options, (session) => history(context.terminal, session, name, options));
    });
}

async function history(terminal: Terminal, session: Session, name: string, { output = "text" }: Options): Promise<void> {
  const release = await session.get(RELEASES, name);
  // By name: a run may hold thousands of targets, and a namespace the runs of many releases.
  const named = new Set((release.status?.history ?? []).map(({ run }) => run));
  if (release.status?.run !== undefined) named.add(release.status.run);
  const found = await Promise.all([...named].map((run) => session.mayFind(RUNS, run)));
  const runs = found.filter((run) => run !== undefined);
  const entries = entriesOf(release, new Map(runs.map((run) => [run.metadata.name, run])));
  switch (output) {
    case "json":
    case "yaml":
      return printDocument(terminal, output, { version: 1, name, namespace: session.namespace, runs: entries });
    case "name":
      return void terminal.out.write(entries.map(({ run }) => `${nameOf(RUNS.resource, run)}\n`).join(""));
    case "text":
    case "wide":
      return void terminal.out.write(
        entries.length === 0 ? `nothing was released yet: conductor status ${name}\n` : tableOf(entries, terminal, output === "wide"),
      );
  }
}

/** What has ended as the release remembers it, with what its runs know beside, and before it what is in flight. */
function entriesOf({ metadata, status }: ServiceRelease, runs: ReadonlyMap<string, ReleaseRun>): readonly Entry[] {
  const ended = (status?.history ?? []).map(({ run, kind = "Forward", revision, outcome, startedAt, finishedAt }): Entry => {
    const known = runs.get(run);
    const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
    return { run, kind, revision, phase: outcome, startedAt, finishedAt, seconds, ...beside(known) };
  });
  const current = [...runs.values()].find(({ metadata: run }) => run.name === status?.run);
  if (current === undefined || ended.some(({ run }) => run === status?.run) || current.spec.release.uid !== metadata.uid) return ended;
  const { kind, revision } = current.spec;
  const { phase = "Planned", startedAt = null } = current.status ?? {};
  return [{ run: current.metadata.name, kind, revision, phase, startedAt, finishedAt: null, seconds: null, ...beside(current) }, ...ended];
}

function beside(run: ReleaseRun | undefined): Pick<Entry, "author" | "cause" | "message"> {
  const message = run?.status?.conditions?.find(({ type }) => type === "Finished")?.message;
  return { author: run?.spec.author ?? null, cause: run?.spec.cause ?? null, message: message ?? null };
}

function tableOf(entries: readonly Entry[], terminal: Terminal, wide: boolean): string {
  const look = lookOf(terminal);
  const knows = entries.some(({ author, cause }) => author !== null || cause !== null);
  const head = [
    "RUN",
    "KIND",
    "REVISION",
    "OUTCOME",
    "STARTED",
    "TOOK",
    ...(knows ? ["AUTHOR", "CAUSE"] : []),
    ...(wide ? ["MESSAGE"] : []),
  ];
  const now = terminal.clock.now();
  const rows = entries.map(({ run, kind, revision, phase, startedAt, seconds, author, cause, message }) => [
    run,
    kind,
    wide ? revision : short(revision),
    coloured(moodOfRelease(phase), phase, look),
    startedAt === null ? "-" : wide ? startedAt : `${ago(startedAt, now)} ago`,
    seconds === null ? "-" : duration(seconds),
    ...(knows ? [author ?? "-", causeOf(cause)] : []),
    ...(wide ? [message ?? "-"] : []),
  ]);
  return table(head, rows);
}

function causeOf(cause: RunCause | null): string {
  if (cause === null) return "-";
  return cause.run === undefined ? cause.action : `${cause.action} of ${cause.run}`;
}
