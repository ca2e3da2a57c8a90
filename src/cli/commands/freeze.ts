import type { Command } from "commander";
import { stamp } from "#api/conditions.ts";
import type { FreezeWindow } from "#api/freezewindow.ts";
import { API_VERSION, label } from "#api/rules.ts";
import type { ServiceRelease } from "#api/servicerelease.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { EXIT, type Exit } from "../exit.ts";
import { moment, names, time } from "../flags.ts";
import { FREEZES, RELEASES } from "../kinds.ts";
import { nameOf, outputOption, printDocument, type Output } from "../output.ts";
import { heldBy, inScope, scopeOf, timesOf } from "../release/frozen.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { agreed, type Terminal, type Where } from "../terminal.ts";
import { some } from "../words.ts";
import { Wrong } from "../wrong.ts";

interface Options extends Where {
  readonly reason?: string;
  /** Milliseconds. */
  readonly for?: number;
  /** Milliseconds since the epoch, as `from`. */
  readonly until?: number;
  readonly from?: number;
  readonly environment?: readonly string[];
  readonly service?: readonly string[];
  readonly cluster?: readonly string[];
  readonly output?: Output;
}

const NOTE = `
What is started finishes, and a rollback is never frozen. In the conductor's own namespace a freeze holds for all namespaces, in any
other for its own. What recurs is declared as a FreezeWindow: examples/freezewindow.yaml.`;

export function freezeCommand(context: Context): Command {
  return onCluster(
    command("freeze [name]", "start no further cluster for some time; without a name, list what freezes there are", [
      'freeze year-end --reason "nobody is at work" --until 2027-01-04T08:00:00+01:00',
      'freeze incident-42 --reason "database is being repaired" --for 2h --environment production --service checkout,ledger',
      "freeze    # lists them",
    ]),
  )
    .option("--reason <text>", "why: those who are held up read it")
    .option("--for <duration>", "how long, from its beginning", time)
    .option("--until <time>", "the first moment that is free again, such as 2026-12-20T18:00:00+01:00", moment)
    .option("--from <time>", "when it begins; now by default", moment)
    .option("--environment <names>", "only these Environments", names)
    .option("--service <names>", "only these services", names)
    .option("--cluster <names>", "only these clusters", names)
    .addOption(outputOption("json", "yaml", "wide", "name"))
    .addHelpText("after", NOTE)
    .action((name: string | undefined, options: Options) => {
      if (name === undefined) return withSession(context, options, (session) => list(context.terminal, session, options));
      const body = bodyOf(name, options, context.terminal.clock.now());
      return withSession(context, options, (session) => freeze(context.terminal, session, name, body, options));
    });
}

/** Throws Wrong. */
function bodyOf(name: string, { reason, environment, service, cluster, ...times }: Options, now: number): object {
  if (!label("it").safeParse(name).success)
    throw new Wrong(`"${name}" is no name of a freeze: write lower-case letters, digits and dashes, such as year-end`);
  if (reason === undefined || reason.trim() === "") throw new Wrong('a freeze needs a reason, for those who are held up: --reason "…"');
  if ((times.for === undefined) === (times.until === undefined)) throw new Wrong("until when? Give one of --for and --until");
  const from = times.from ?? now;
  const to = times.until ?? from + (times.for ?? 0);
  if (to <= from) throw new Wrong(`it would end at ${stamp(to)} and begin at ${stamp(from)}: let it end after that`);
  if (to <= now) throw new Wrong(`it would have ended at ${stamp(to)}: give a time to come`);
  return {
    apiVersion: API_VERSION,
    kind: FREEZES.kind,
    metadata: { name },
    spec: {
      reason,
      from: stamp(from),
      to: stamp(to),
      ...(environment === undefined ? {} : { environments: environment }),
      ...(service === undefined ? {} : { services: service }),
      ...(cluster === undefined ? {} : { clusters: { names: cluster } }),
    },
  };
}

async function freeze(terminal: Terminal, session: Session, name: string, body: object, { output }: Options): Promise<void> {
  const window = await session.create(FREEZES, name, body);
  const isNow = Date.parse(window.spec.from ?? "") <= terminal.clock.now();
  const reached = isNow ? inScope((await session.mayList(RELEASES)) ?? [], window.spec) : [];
  const { out } = terminal;
  if (output === "name") return void out.write(`${nameOf(FREEZES.resource, name)}\n`);
  if (output === "json" || output === "yaml") return printDocument(terminal, output, { ...viewOf(window), inFlight: reached.map(nameIn) });
  out.write(`${name} freezes ${scopeOf(window.spec)} in namespace ${session.namespace}, ${timesOf(window.spec)}\n`);
  if (reached.length > 0)
    out.write(`  in flight there: ${some(reached.map(nameIn), 10)}; clusters that are started finish, no other is started\n`);
}

async function list(terminal: Terminal, session: Session, options: Options): Promise<void> {
  const given = (["reason", "for", "until", "from", "environment", "service", "cluster"] as const).find(
    (one) => options[one] !== undefined,
  );
  if (given !== undefined)
    throw new Wrong(`--${given} is for a freeze that is made: name it, such as conductor freeze year-end --${given} …`);
  const { output = "text" } = options;
  const found = (await session.list(FREEZES)).toSorted((a, b) => rank(a) - rank(b) || a.metadata.name.localeCompare(b.metadata.name));
  switch (output) {
    case "json":
    case "yaml":
      return printDocument(terminal, output, { version: 1, freezes: found.map(viewOf) });
    case "name":
      return void terminal.out.write(found.map(({ metadata }) => `${nameOf(FREEZES.resource, metadata.name)}\n`).join(""));
    case "text":
    case "wide": {
      if (found.length === 0) return void terminal.out.write(`no freezes in namespace ${session.namespace}\n`);
      const wide = output === "wide";
      const head = ["NAME", "ACTIVE", "UNTIL", "NEXT", "HOLDS", "REASON", ...(wide ? ["TIMES"] : [])];
      const rows = found.map(({ metadata, spec, status }) => [
        metadata.name,
        status?.active === undefined ? "-" : status.active ? "yes" : "no",
        status?.until ?? "-",
        status?.next ?? "-",
        scopeOf(spec),
        spec.reason,
        ...(wide ? [timesOf(spec)] : []),
      ]);
      return void terminal.out.write(table(head, rows));
    }
  }
}

/** Those that hold come first. */
function rank({ status }: FreezeWindow): number {
  return status?.active === true ? 0 : 1;
}

function viewOf({ metadata, spec, status }: FreezeWindow) {
  return {
    version: 1,
    name: metadata.name,
    namespace: metadata.namespace,
    spec,
    active: status?.active ?? null,
    until: status?.until ?? null,
    next: status?.next ?? null,
  };
}

function nameIn({ metadata }: ServiceRelease): string {
  return metadata.name;
}

interface Ending extends Where {
  readonly yes?: true;
  readonly output?: Exclude<Output, "text" | "wide">;
}

export function unfreezeCommand(context: Context): Command {
  return onCluster(
    command("unfreeze <name>", "end a freeze, by deleting its FreezeWindow; of one that recurs it is asked first", [
      "unfreeze year-end",
      "unfreeze weekends --yes    # it recurs: all to come are gone, too",
    ]),
  )
    .option("-y, --yes", "delete one that recurs without being asked")
    .addOption(outputOption("json", "yaml", "name"))
    .action((name: string, options: Ending) =>
      withSession(context, options, (session) => unfreeze(context.terminal, session, name, options)),
    );
}

async function unfreeze(terminal: Terminal, session: Session, name: string, { yes, output }: Ending): Promise<Exit> {
  const window = await session.find(FREEZES, name);
  if (window === undefined) {
    const there = (await session.mayList(FREEZES)) ?? [];
    throw new Wrong(
      `there is no freeze ${name} in namespace ${session.namespace}: ${there.length === 0 ? "conductor freeze lists them, -n chooses another namespace" : `there is ${some(there.map(({ metadata }) => metadata.name))}`}`,
    );
  }
  const { spec } = window;
  const { out } = terminal;
  if (spec.schedule !== undefined && yes !== true) {
    const question = `${name} recurs, ${timesOf(spec)} (${spec.reason}). Delete it, with all that are to come?`;
    if (!(await agreed(terminal, question))) {
      if (output === undefined) out.write("you said no: it stays\n");
      return EXIT.failed;
    }
  }
  const held = heldBy((await session.mayList(RELEASES)) ?? [], window).map(nameIn);
  await session.delete(FREEZES, name);
  if (output === "name") out.write(`${nameOf(FREEZES.resource, name)}\n`);
  else if (output !== undefined) printDocument(terminal, output, { ...viewOf(window), goesOn: held });
  else
    out.write(
      `${name} is gone${held.length === 0 ? "" : `: ${some(held, 10)} ${held.length === 1 ? "goes" : "go"} on, unless something else holds`}\n`,
    );
  return EXIT.arrived;
}
