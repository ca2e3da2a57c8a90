import { InvalidArgumentError, Option, type Command } from "commander";
import { stringify } from "yaml";
import type { Terminal } from "./program.ts";
import { values, type Options } from "./values.ts";
import { jsonOf, PARTS, type Part } from "./values/document.ts";
import { mergedText } from "./values/merged.ts";
import { textOf } from "./values/text.ts";

const HELP = `
The order is helm's: the chart's own values.yaml, the files of
application.helm.valueFiles, then application.helm.parameters; the later wins.
Maps go into each other, lists are replaced, null takes a key of the chart out.
What the Application itself holds besides (helm.values, parameters of its own)
is not known here, nor what lies in other repositories: it is named.

With --revision the chart is read from that commit of its git repository, where
the Environment writes {{revision}} as targetRevision; nothing is checked out.

--cluster shows some of an Environment's clusters. For an Environment that
selects clusters by label it names those to show; with their labels
(--cluster eu-west-1=env=production,region=eu) it is said whether they are
selected.

Values that look like secrets are shown as ***, by their keys (password, token,
secret, key) and by their form. It is a help, and no guard.

Examples:
  $ conductor values --chart deploy/checkout -f environment.yaml
  $ conductor values --chart deploy/checkout -f environment.yaml --revision v1.4.2
  $ conductor values -f staging.yaml -f production.yaml --show diff
  $ conductor values -f environment.yaml --cluster eu-west-1 --show merged

Exit code: 0 when it was shown, also where Argo CD would render nothing; 2 when
something must be put right first.`;

type Output = "text" | "json" | "yaml";
type Typed = Omit<Options, "showSecrets"> & { readonly showSecrets?: boolean; readonly output: Output };

/** Adds `conductor values` to a program. */
export function addValues(program: Command, terminal: Terminal): void {
  program
    .command("values")
    .description("show which values files take effect in each environment and cluster, what comes of them, and where clusters differ")
    .addOption(
      new Option("-f, --file <file>", "a manifest with Environments; - for standard input; repeatable")
        .makeOptionMandatory()
        .argParser((value: string, before: readonly string[] = []) => [...before, value]),
    )
    .option("--chart <directory>", "the chart's directory", ".")
    .option("--revision <revision>", "the revision that is released: a commit, a tag; without it the directory as it lies there")
    .option("--service <name>", "what {{service}} stands for; by default the chart's name")
    .addOption(several("--environment <name>", "only this Environment of those in the files; repeatable"))
    .addOption(several("--cluster <name[=label=value,…]>", "only this cluster; repeatable"))
    .option("-n, --namespace <namespace>", "what {{namespace}} stands for, where the Environment does not say")
    .addOption(
      several("--show <part>", "files, diff or merged; repeatable", "files and diff").argParser(
        (value: string, before: readonly Part[]) => [...before, partOf(value)],
      ),
    )
    .option("--show-secrets", "show what looks like a secret, too")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json", "yaml"]).default("text"))
    .addHelpText("after", HELP)
    .allowExcessArguments(false)
    .exitOverride()
    .action(({ output, ...options }: Typed) => print({ ...options, showSecrets: options.showSecrets ?? false }, output, terminal));
}

function print(options: Options, output: Output, { out, env }: Terminal): void {
  const usual: readonly Part[] = output === "text" ? ["files", "diff"] : [];
  const show = options.show.length === 0 ? usual : options.show;
  const document = values({ ...options, show });
  switch (output) {
    case "json":
      out.write(`${jsonOf(document)}\n`);
      return;
    case "yaml":
      out.write(stringify(document, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false }));
      return;
    case "text": {
      const colours = out.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
      if (show.some((part) => part !== "merged")) out.write(textOf(document, { width: Math.max(60, out.columns ?? 80), colours }));
      if (show.includes("merged")) out.write(mergedText(document));
    }
  }
}

function partOf(value: string): Part {
  const part = PARTS.find((one) => one === value);
  if (part === undefined) throw new InvalidArgumentError(`Allowed choices are ${PARTS.join(", ")}.`);
  return part;
}

function several(flags: string, description: string, usual = "all"): Option {
  return new Option(flags, description).default([], usual).argParser((value: string, before: readonly string[]) => [...before, value]);
}
