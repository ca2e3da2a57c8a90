import { Option, type Command } from "commander";
import type { Progress } from "../course.ts";
import { command, type Context } from "../command.ts";
import { several, whole } from "../flags.ts";
import type { Options } from "../simulate.ts";
import { lookOf, type Terminal } from "../terminal.ts";
import { clock } from "../words.ts";

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

Exit code: 0 when it was simulated, whatever came of it; 2 when something must
be put right first.`;

export function simulateCommand({ terminal }: Context): Command {
  return command(
    "simulate",
    "show what a release to an Environment would do: the conductor's own controllers, over a fleet in memory and in virtual time",
    [
      "simulate -f environment.yaml",
      "simulate -f environment.yaml --clusters 200 --fail 5%",
      "simulate -f environment.yaml --unreachable eu-west-1=20m",
      "simulate -f environment.yaml --slow 100%=90s --slow us-east-1=10m",
      "simulate -f environment.yaml --clusters 1000 --fail 3 -o json",
    ],
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
    .action((options: Options & { readonly output: "text" | "json" }) => print(options, terminal));
}

async function print({ output, ...options }: Options & { readonly output: "text" | "json" }, terminal: Terminal): Promise<void> {
  const patience = new Patience(terminal);
  // Loaded when it is asked for: the whole conductor is behind it.
  const [{ simulate }, { textOf }] = await Promise.all([import("../simulate.ts"), import("../text.ts")]);
  const report = await simulate(options, (what, progress) => patience.tell(what, progress)).finally(() => patience.end());
  if (output === "json") return void terminal.out.write(`${JSON.stringify(report, undefined, 2)}\n`);
  terminal.out.write(textOf(report, lookOf(terminal)));
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
