import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Progress } from "./course.ts";
import { simulate, type Options } from "./simulate.ts";
import { textOf } from "./text.ts";
import { addValues } from "./valuescommand.ts";
import { clock } from "./words.ts";
import { Wrong } from "./wrong.ts";

/** Where a command writes. */
export interface Terminal {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly err: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds of no particular beginning. */
  readonly now: () => number;
}

/** What was wrong with what was typed. */
const WRONG = 2;

const HELP = `
WHO is a cluster's name, a percentage of the fleet or a number of clusters;
shares are spread evenly over the fleet, by the seed. DURATION is of hours,
minutes and seconds: 90s, 15m, 1h30m. An Application is healthy 2 s after its
sync began where --slow does not say otherwise: --slow 100%=3m makes every
rollout take three minutes, on the way back too.

Clusters are those that the Environment names. --clusters N adds to them until
there are N, with the labels that the Environment selects, and with those that
its waves select: each wave's selector has an equal share of the clusters.

"at best" is the time that the same release takes when nothing fails. "worst
case" is simulated too: in the last moment of the last wave one cluster more
than may fail stops being healthy, is given up after the progress deadline, and
what onFailure says is done.

-o json prints one document: version, release, seed, fleet, faults, outcome,
runs (waves with start, end, segments, failed, leftOut; and rollback), clusters,
longest. Times are seconds since the release was applied, null for what did not
come to pass. The same command prints the same document. Every field is
described in src/cli/report.ts.

Examples:
  $ conductor simulate -f environment.yaml
  $ conductor simulate -f environment.yaml --clusters 200 --fail 5%
  $ conductor simulate -f environment.yaml --unreachable eu-west-1=20m
  $ conductor simulate -f environment.yaml --slow 100%=90s --slow us-east-1=10m
  $ conductor simulate -f environment.yaml --clusters 1000 --fail 3 -o json

Exit code: 0 when it was simulated, whatever came of it; 2 when something must
be put right first.`;

/** Runs a command line. Resolves with the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const program = new Command("conductor").description("commands for people who release with release-conductor").exitOverride();
  program.configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.err.write(text) });
  program
    .command("simulate")
    .description(
      "show what a release to an Environment would do: the conductor's own controllers, over a fleet in memory and in virtual time",
    )
    .requiredOption("-f, --file <file>", "the Environment's manifest; - for standard input")
    .option("--environment <name>", "which Environment, where the file holds several")
    .option("--clusters <number>", "how many clusters there are in all", whole)
    .option("--service <name>", "the service that is released", "checkout")
    .option("--revision <revision>", "the revision that is released; one of the Environment's kind is made up")
    .addOption(several("--fail <who>", "the new revision becomes Degraded there; repeatable"))
    .addOption(
      several(
        "--unreachable <who[=duration]>",
        "its API server does not answer from the beginning, for the duration or for ever; repeatable",
      ),
    )
    .addOption(several("--slow <who[=duration]>", "its Application becomes healthy only so long after a sync, 5m by default; repeatable"))
    .option("--seed <seed>", "what all chance is drawn from", "1")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["text", "json"]).default("text"))
    .addHelpText("after", HELP)
    .allowExcessArguments(false)
    .exitOverride()
    .action((options: Options & { readonly output: "text" | "json" }) => print(options, terminal));
  addValues(program, terminal);
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG;
    if (!(error instanceof Wrong)) throw error;
    terminal.err.write(`${error.message}\n`);
    return WRONG;
  }
}

async function print({ output, ...options }: Options & { readonly output: "text" | "json" }, terminal: Terminal): Promise<void> {
  const patience = new Patience(terminal);
  const report = await simulate(options, (what, progress) => patience.tell(what, progress)).finally(() => patience.end());
  if (output === "json") return void terminal.out.write(`${JSON.stringify(report, undefined, 2)}\n`);
  const { out, env } = terminal;
  const colours = out.isTTY === true && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  terminal.out.write(textOf(report, { width: Math.max(60, out.columns ?? 80), colours }));
}

/** A line for somebody who has waited for a second: it is drawn anew on a terminal, and now and then in a log. */
class Patience {
  readonly #terminal: Terminal;
  readonly #begun: number;
  #next: number;
  #asked = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#begun = terminal.now();
    this.#next = this.#begun + 1000;
  }

  tell(what: string, progress: () => Progress): void {
    this.#asked += 1;
    // Asked after every event: the time is not.
    if (this.#asked % 64 !== 0) return;
    const { now, err } = this.#terminal;
    if (now() < this.#next) return;
    this.#next = now() + (err.isTTY === true ? 250 : 10_000);
    const { virtual, phase, wave, ready } = progress();
    const line = `simulating the ${what}: ${clock(virtual / 1000)} ${phase}, wave ${wave || "–"}, ${ready || "–"} ready`;
    err.write(err.isTTY === true ? `\r\u001b[2K${line}` : `${line}\n`);
  }

  end(): void {
    const { err } = this.#terminal;
    if (err.isTTY === true && this.#next > this.#begun + 1000) err.write("\r\u001b[2K");
  }
}

function several(flags: string, description: string): Option {
  return new Option(flags, description).default([], "nobody").argParser((value: string, before: readonly string[]) => [...before, value]);
}

function whole(value: string): number {
  if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError("It must be a whole number of at least 1.");
  return Number(value);
}
