import { Command } from "commander";
import { several } from "./flags.ts";
import { EXIT, type Exit } from "./exit.ts";
import { Session } from "./session.ts";
import type { Terminal, Where } from "./terminal.ts";

/** What commands are made with: where they write, and how they say how it ended. */
export interface Context {
  readonly terminal: Terminal;
  /** Set by the command that ran. */
  exit: Exit;
}

/** A command with its description and its examples, each a line of shell. `usage`: its name and then its arguments. */
export function command(usage: string, description: string, examples: readonly string[]): Command {
  const shown = examples.map((line) => `  $ conductor ${line}`).join("\n");
  const [name = "", ...args] = usage.split(" ");
  const made = new Command(name);
  for (const arg of args) made.argument(arg);
  return made
    .description(description)
    .summary(summaryOf(description))
    .allowExcessArguments(false)
    .exitOverride()
    .addHelpText("after", `\nExamples:\n${shown}`);
}

/** What a list of commands says of one. */
export function summaryOf(description: string): string {
  return description.split(/[:;,] /, 1)[0] ?? "";
}

/** kubectl's flags for which API server and namespace. */
export function onCluster(one: Command): Command {
  return one
    .option("-n, --namespace <name>", "the namespace of the release; the context's by default")
    .option("--context <name>", "the kubeconfig's context to use")
    .option("--kubeconfig <file>", "the kubeconfig to use; KUBECONFIG, ~/.kube/config or the pod's own by default")
    .option("--as <user>", "the user to impersonate")
    .addOption(several("--as-group <group>", "a group to impersonate; repeatable"));
}

/** Runs what a command does against the API server that its flags choose, and closes it. */
export async function withSession(context: Context, where: Where, act: (session: Session) => Promise<Exit | void>): Promise<void> {
  const session = new Session(await context.terminal.connect(where), context.terminal);
  try {
    context.exit = (await act(session)) ?? EXIT.arrived;
  } finally {
    await session.close();
  }
}
