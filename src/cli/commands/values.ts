import { InvalidArgumentError, Option, type Command } from "commander";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { contentsOf } from "../contents.ts";
import { releaseName, several } from "../flags.ts";
import { ENVS, RELEASES, RUNS } from "../kinds.ts";
import { environmentsIn, type Manifest } from "../manifest.ts";
import type { Session } from "../session.ts";
import { lookOf, type Terminal, type Where } from "../terminal.ts";
import type { Planned } from "../values/clusters.ts";
import { PARTS, type Part } from "../values/parts.ts";
import type { Options } from "../values.ts";
import { Wrong } from "../wrong.ts";

const HELP = `
The order is helm's: the chart's own values.yaml, the files of
application.helm.valueFiles, then application.helm.parameters; the later wins.
Maps go into each other, lists are replaced, null takes a key of the chart out.
What the Application itself holds besides (helm.values, parameters of its own)
is not known here, nor what lies in other repositories: it is named.

Environments are those of the files, or, without -f, those of the management
cluster. With --revision the chart is read from that commit of its git
repository, where the Environment writes {{revision}} as targetRevision;
nothing is checked out.

--cluster shows some of an Environment's clusters. For an Environment that
selects clusters by label it names those to show; with their labels
(--cluster eu-west-1=env=production,region=eu) it is said whether they are
selected. Where the management cluster tells what the service's last run covers,
those are shown.

Values that look like secrets are shown as ***, by their keys (password, token,
secret, key) and by their form. It is a help, and no guard.

Exit code: 0 when it was shown, also where Argo CD would render nothing; 2 when
something must be put right first.`;

interface Typed extends Where {
  readonly file: readonly string[];
  readonly chart: string;
  readonly environment: readonly string[];
  readonly revision?: string;
  readonly cluster: readonly string[];
  readonly show: readonly Part[];
  readonly showSecrets?: true;
  readonly output: "text" | "json" | "yaml";
}

export function valuesCommand(context: Context): Command {
  return onCluster(
    command(
      "values [service[.environment]]",
      "show which values files take effect in each environment and cluster, what comes of them, and where clusters differ",
      [
        "values checkout --chart deploy/checkout -f environment.yaml",
        "values checkout.production --chart deploy/checkout --revision v1.4.2",
        "values -f staging.yaml -f production.yaml --show diff",
        "values -f environment.yaml --cluster eu-west-1 --show merged",
      ],
    ),
  )
    .addOption(several("-f, --file <file>", "a manifest with Environments; - for standard input; repeatable").default([], "the cluster's"))
    .option("--chart <directory>", "the chart's directory", ".")
    .option("--revision <revision>", "the revision that is released, a commit or a tag; else the directory is read as it lies there")
    .addOption(several("--environment <name>", "only this Environment; repeatable").default([], "all"))
    .addOption(several("--cluster <name[=label=value,…]>", "only this cluster; repeatable").default([], "all"))
    .addOption(parts())
    .option("--show-secrets", "show what looks like a secret, too")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json", "yaml"]).default("text"))
    .addHelpText("after", HELP)
    .action(async (release: string | undefined, typed: Typed) => {
      const { service, environment } = named(release, typed.environment);
      const options = { ...typed, ...(service === undefined ? {} : { service }), environment, showSecrets: typed.showSecrets === true };
      if (typed.file.length > 0) {
        const manifests = typed.file.flatMap((file) => environmentsIn(contentsOf(file), file));
        return print(manifests, options, typed.output, context.terminal);
      }
      return withSession(context, typed, async (session) => {
        const manifests = await environmentsOf(session, environment);
        const planned = service === undefined ? new Map<string, Planned>() : await plannedOf(session, service, manifests);
        return print(manifests, { ...options, namespace: session.namespace, planned }, typed.output, context.terminal);
      });
    });
}

function parts(): Option {
  const add = (value: string, before: readonly Part[]): readonly Part[] => [
    ...before,
    ...value.split(",").map((word) => {
      const part = PARTS.find((one) => one === word);
      if (part === undefined) throw new InvalidArgumentError(`Allowed choices are ${PARTS.join(", ")}.`);
      return part;
    }),
  ];
  return new Option("--show <parts>", "some of files, diff, merged").default([], "files,diff").argParser(add);
}

/** A release is named as everywhere, or its service alone. */
function named(release: string | undefined, environment: readonly string[]) {
  if (release === undefined || !release.includes(".")) return { service: release, environment };
  const found = releaseName(release);
  if (environment.length > 0) throw new Wrong(`${release} names an Environment, and so does --environment: leave one out`);
  return { service: found.service, environment: [found.environment] };
}

async function environmentsOf(session: Session, names: readonly string[]): Promise<readonly Manifest[]> {
  const found = names.length === 0 ? await session.list(ENVS) : await Promise.all(names.map((name) => session.get(ENVS, name)));
  if (found.length === 0)
    throw new Wrong(`there is no Environment in namespace ${session.namespace}: choose another with -n, or give a file with -f`);
  return found.map(({ metadata, spec }) => ({ name: metadata.name, namespace: metadata.namespace, spec }));
}

/** What the service's last run covers in Environments that select their clusters, as far as it may be read. */
async function plannedOf(session: Session, service: string, manifests: readonly Manifest[]): Promise<ReadonlyMap<string, Planned>> {
  const found = new Map<string, Planned>();
  for (const { name, spec } of manifests) {
    if (spec.clusters.every(({ selector }) => selector === undefined)) continue;
    const run = (await session.mayFind(RELEASES, `${service}.${name}`))?.status?.run;
    const plan = run === undefined ? undefined : await session.mayFind(RUNS, run);
    if (run !== undefined && plan !== undefined) found.set(name, { run, clusters: plan.spec.targets.map(({ cluster }) => cluster) });
  }
  return found;
}

async function print(manifests: readonly Manifest[], options: Options, output: Typed["output"], terminal: Terminal): Promise<void> {
  // Loaded when it is asked for: other commands start faster without.
  const [{ values }, { textOf }, { mergedText }, { stringify }] = await Promise.all([
    import("../values.ts"),
    import("../values/text.ts"),
    import("../values/merged.ts"),
    import("yaml"),
  ]);
  const usual: readonly Part[] = output === "text" ? ["files", "diff"] : PARTS;
  const show = options.show.length === 0 ? usual : options.show;
  const document = values(manifests, { ...options, show });
  const { out } = terminal;
  switch (output) {
    case "json":
      out.write(`${JSON.stringify(document, undefined, 2)}\n`);
      return;
    case "yaml":
      // As helm reads it: what YAML 1.1 takes for another thing than a text stands in quotes.
      out.write(stringify(document, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }));
      return;
    case "text":
      if (show.some((part) => part !== "merged")) out.write(textOf(document, lookOf(terminal)));
      if (show.includes("merged")) out.write(mergedText(document));
  }
}
