import type { Command } from "commander";
import { cut } from "#api/conditions.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { EXIT, type Exit } from "../exit.ts";
import { releaseName, whole } from "../flags.ts";
import { RELEASES, RUNS } from "../kinds.ts";
import { coloured, moodOfRelease, MOODS } from "../look.ts";
import { nameOf, outputOption, printDocument, type Output } from "../output.ts";
import { follow } from "../release/follow.ts";
import { tellerFor } from "../release/tell.ts";
import { treeOf } from "../release/tree.ts";
import { viewOf } from "../release/view.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { hasColours, lookOf, widthOf, type Terminal, type Where } from "../terminal.ts";
import { ago, short } from "../words.ts";
import { Wrong } from "../wrong.ts";

interface Options extends Where {
  readonly output?: Output;
  readonly allNamespaces?: boolean;
  readonly watch?: true;
  readonly most: number;
}

export function statusCommand(context: Context): Command {
  return onCluster(
    command("status [release]", "show how a release stands, as a tree of waves and clusters; or all releases as a table", [
      "status",
      "status checkout.production",
      "status checkout.production --watch",
      "status -A -o json",
    ]),
  )
    .option("-A, --all-namespaces", "the releases of all namespaces")
    .option("-w, --watch", "go on showing what changes, until Ctrl-C")
    .option("--most <number>", "at most so many clusters of a wave, one by one", whole, 10)
    .addOption(outputOption("json", "yaml", "wide", "name"))
    .action((release: string | undefined, options: Options) => {
      const named = release === undefined ? undefined : releaseName(release);
      if (options.watch === true && options.output !== undefined)
        throw new Wrong("--watch draws for people: leave out --output, or --watch");
      if (options.watch === true && named === undefined)
        throw new Wrong("which release shall be watched? Name it as <service>.<environment>");
      return withSession(context, options, async (session) => {
        if (named === undefined) return all(context.terminal, session, options);
        if (options.watch === true) {
          return watch(context.terminal, session, named.name);
        }
        return one(context.terminal, session, named.name, options);
      });
    });
}

/** Until it is interrupted, which is how it is meant to end. */
async function watch(terminal: Terminal, session: Session, name: string): Promise<Exit> {
  await session.get(RELEASES, name);
  const { verdict } = await follow(session, name, tellerFor(terminal, false), undefined, Number.POSITIVE_INFINITY);
  if (verdict.exit === EXIT.interrupted) return EXIT.arrived;
  terminal.err.write(`${verdict.message}\n`);
  return verdict.exit;
}

async function one(terminal: Terminal, session: Session, name: string, { output = "text", most }: Options): Promise<void> {
  const release = await session.get(RELEASES, name);
  const run = release.status?.run === undefined ? undefined : await session.mayFind(RUNS, release.status.run);
  const view = viewOf(release, run);
  if (output === "name") return void terminal.out.write(`${nameOf(RELEASES.resource, name)}\n`);
  if (output === "json" || output === "yaml") return printDocument(terminal, output, view);
  const wide = output === "wide";
  terminal.out.write(
    treeOf(view, {
      colours: hasColours(terminal),
      width: wide ? Infinity : widthOf(terminal),
      now: terminal.clock.now(),
      most: wide ? Infinity : most,
    }),
  );
}

async function all(terminal: Terminal, session: Session, { output = "text", allNamespaces = false }: Options): Promise<void> {
  const found = sorted(await session.list(RELEASES, allNamespaces));
  const { out, clock } = terminal;
  switch (output) {
    case "json":
    case "yaml":
      return printDocument(terminal, output, { version: 1, releases: found.map((release) => viewOf(release, undefined)) });
    case "name":
      return void out.write(found.map(({ metadata }) => `${nameOf(RELEASES.resource, metadata.name)}\n`).join(""));
    case "text":
    case "wide": {
      if (found.length === 0)
        return void out.write(`no releases in ${allNamespaces ? "any namespace" : `namespace ${session.namespace}`}\n`);
      const look = lookOf(terminal);
      const wide = output === "wide";
      const head = [
        ...(allNamespaces ? ["NAMESPACE"] : []),
        "NAME",
        "REVISION",
        "PHASE",
        "WAVE",
        "READY",
        "FAILED",
        "WAITING-ON",
        "AGE",
        ...(wide ? ["MESSAGE"] : []),
      ];
      const rows = found.map(({ metadata, spec, status }) => [
        ...(allNamespaces ? [metadata.namespace] : []),
        metadata.name,
        wide ? spec.revision : short(spec.revision),
        coloured(moodOfRelease(status?.phase), status?.phase ?? "Pending", look),
        status?.wave?.summary ?? "-",
        status?.targets?.summary ?? "-",
        `${status?.targets?.failed ?? "-"}`,
        status?.waitingOn?.reason ?? "-",
        metadata.creationTimestamp === undefined ? "-" : ago(metadata.creationTimestamp, clock.now()),
        ...(wide ? [cut(status?.waitingOn?.message ?? status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "", 200)] : []),
      ]);
      out.write(table(head, rows));
    }
  }
}

/** What matters first: what is bad, what waits for somebody, what moves. */
function sorted(releases: readonly ServiceRelease[]): readonly ServiceRelease[] {
  const rank = ({ status }: ServiceRelease): number => MOODS.indexOf(moodOfRelease(status?.phase));
  return releases.toSorted(
    (a, b) =>
      rank(a) - rank(b) || a.metadata.namespace.localeCompare(b.metadata.namespace) || a.metadata.name.localeCompare(b.metadata.name),
  );
}
