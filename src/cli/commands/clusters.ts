import type { Command } from "commander";
import { cut } from "#api/conditions.ts";
import { clusterList, moodOfCluster, type ClusterList, type ClusterRow } from "../clusters/rows.ts";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { ENVS } from "../kinds.ts";
import { coloured } from "../look.ts";
import { outputOption, printDocument, type Output } from "../output.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { lookOf, type Terminal, type Where } from "../terminal.ts";
import { ago, lasting, plural, some } from "../words.ts";

interface Options extends Where {
  readonly output?: Output;
  readonly allNamespaces?: boolean;
}

export function clustersCommand(context: Context): Command {
  return onCluster(
    command(
      "clusters",
      "show the clusters of Environments: which Argo CD serves each, whether it can be used, and how long its credential is good; no right to Secrets is needed",
      ["clusters", "clusters -A", "clusters -o wide", "clusters -o json"],
    ),
  )
    .option("-A, --all-namespaces", "the clusters of the Environments of all namespaces")
    .addOption(outputOption("json", "yaml", "wide", "name"))
    .action((options: Options) => withSession(context, options, (session) => show(context.terminal, session, options)));
}

async function show(terminal: Terminal, session: Session, { output = "text", allNamespaces = false }: Options): Promise<void> {
  const found = await session.list(ENVS, allNamespaces);
  const list = clusterList(found, terminal.clock.now());
  switch (output) {
    case "json":
    case "yaml":
      return printDocument(terminal, output, { version: 1, ...list });
    case "name":
      return void terminal.out.write([...new Set(list.clusters.map(({ name }) => `${name}\n`))].join(""));
    case "text":
    case "wide": {
      const where = allNamespaces ? "any namespace" : `namespace ${session.namespace}`;
      if (found.length === 0) return void terminal.out.write(`no Environments in ${where}, and so no clusters\n`);
      terminal.out.write(tableOf(terminal, list, { wide: output === "wide", allNamespaces }) + notesOf(list, allNamespaces));
    }
  }
}

const HEAD = ["CLUSTER", "INSTANCE", "STATE", "ARGO-CD", "CREDENTIAL", "ENVIRONMENTS", "MESSAGE"];

function tableOf(
  terminal: Terminal,
  { clusters }: ClusterList,
  { wide, allNamespaces }: { readonly wide: boolean; readonly allNamespaces: boolean },
): string {
  if (clusters.length === 0) return "no clusters\n";
  const now = terminal.clock.now();
  const look = lookOf(terminal);
  const rows = clusters.map((row) => {
    const { name, instance, state, argocdVersion, environments, message } = row;
    const names = environments.map((one) => (allNamespaces ? `${one.namespace}/${one.name}` : one.name));
    return [
      name,
      instance ?? "-",
      coloured(moodOfCluster(row, now), state, look),
      argocdVersion ?? "-",
      credentialOf(row, now),
      wide ? names.join(",") : some(names, 3),
      message,
    ];
  });
  const bare = table(
    HEAD.slice(0, -1),
    rows.map((row) => row.slice(0, -1)),
  );
  // Whoever asks for all of it gets it; else a message ends with the line where there is a line.
  const room = wide || terminal.out.columns === undefined ? Infinity : look.width - width(bare) - GAP;
  return table(
    HEAD,
    rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? "", Math.max(LEAST, room))]),
  );
}

const GAP = 3;
/** Columns that are left to a message however long the others are. */
const LEAST = 30;

function width(bare: string): number {
  return (bare.split("\n", 1)[0] ?? "").length;
}

/** How old it is, and when it ends: 40d, ends in 5d. */
function credentialOf({ instance, credential }: ClusterRow, now: number): string {
  if (credential === null) return instance === "in-cluster" ? "own" : "-";
  const { since, expiresAt } = credential;
  const age = since === null ? "" : ago(since, now);
  if (expiresAt === null) return age || "-";
  const end = Date.parse(expiresAt);
  const rest = end <= now ? `ended ${ago(expiresAt, now)} ago` : `ends in ${lasting(end - now)}`;
  return age === "" ? rest : `${age}, ${rest}`;
}

function notesOf({ unseen, hidden }: ClusterList, allNamespaces: boolean): string {
  const names = unseen.map(({ namespace, name }) => (allNamespaces ? `${namespace}/${name}` : name));
  return [
    ...(hidden === 0 ? [] : [`and ${plural(hidden, "cluster")} more, which no Environment's status has room for\n`]),
    ...(names.length === 0 ? [] : [`the conductor has not looked at ${some(names)} yet: if that lasts, run conductor doctor\n`]),
  ].join("");
}
