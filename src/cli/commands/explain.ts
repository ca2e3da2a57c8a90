import type { Command } from "commander";
import { command, onCluster, withSession, type Context } from "../command.ts";
import { releaseName } from "../flags.ts";
import { RELEASES, RUNS } from "../kinds.ts";
import { coloured, moodOfRelease, type Look } from "../look.ts";
import { outputOption, printDocument } from "../output.ts";
import type { Turn } from "../release/advice.ts";
import { explanationOf, type Explanation } from "../release/explanation.ts";
import { viewOf } from "../release/view.ts";
import { lookOf, type Where } from "../terminal.ts";
import { ago, lasting, plural, wrapped } from "../words.ts";

interface Options extends Where {
  readonly output?: "json" | "yaml";
}

/** At most so many clusters, one by one. */
const MOST = 8;

export function explainCommand(context: Context): Command {
  return onCluster(
    command("explain <release>", "say why a release is where it is: what it waits on, whose turn it is, and what may be done", [
      "explain checkout.production",
      "explain checkout.production -o json",
    ]),
  )
    .addOption(outputOption("json", "yaml"))
    .action((release: string, options: Options) => {
      const { name } = releaseName(release);
      return withSession(context, options, async (session) => {
        const { terminal } = context;
        const found = await session.get(RELEASES, name);
        const run = found.status?.run === undefined ? undefined : await session.mayFind(RUNS, found.status.run);
        const explanation = explanationOf(viewOf(found, run));
        if (options.output !== undefined) return printDocument(terminal, options.output, explanation);
        terminal.out.write(textOf(explanation, lookOf(terminal), terminal.clock.now()));
      });
    });
}

function textOf(
  { name, phase, about, since, message, turn, next, nextCheck, commands, clusters, meanwhile }: Explanation,
  look: Look,
  now: number,
): string {
  const mood = moodOfRelease(phase);
  const what = about === phase ? "" : ` on ${about}`;
  const lines = [`${name} is ${coloured(mood, phase, look)}${what}${since === null ? "" : ` for ${ago(since, now)}`}`];
  const add = (title: string, text: string): void => void lines.push(wrapped(`  ${title.padEnd(10)} `, text, look.width));
  if (message !== "") add("why", message);
  for (const one of clusters.slice(0, MOST))
    if (!message.includes(one.name)) add("cluster", `${one.name} ${one.phase}, ${one.reason}: ${one.message}`);
  if (clusters.length > MOST) add("", `and ${plural(clusters.length - MOST, "cluster")} more (conductor status ${name})`);
  add("turn", TURNS[turn]);
  const left = nextCheck === null ? 0 : Date.parse(nextCheck) - now;
  add("next", turn === "nobody" && left > 0 ? `${next}, in ${lasting(left)}` : next);
  add("meanwhile", meanwhile);
  if (commands.length > 0) lines.push("", ...commands.map((line) => `  $ ${line}`));
  return `${lines.join("\n")}\n`;
}

const TURNS: Readonly<Record<Turn, string>> = {
  nobody: "nobody's",
  argo: "Argo CD's",
  people: "a person's",
  installer: "the platform team's",
};
