import { Command, CommanderError } from "commander";
import type { Context } from "./command.ts";
import { ACT_COMMANDS } from "./commands/act.ts";
import { clustersCommand } from "./commands/clusters.ts";
import { completionCommand } from "./commands/completion.ts";
import { approveCommand, rejectCommand } from "./commands/decide.ts";
import { deployCommand } from "./commands/deploy.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { freezeCommand, unfreezeCommand } from "./commands/freeze.ts";
import { historyCommand } from "./commands/history.ts";
import { planCommand } from "./commands/plan.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { simulateCommand } from "./commands/simulate.ts";
import { statusCommand } from "./commands/status.ts";
import { valuesCommand } from "./commands/values.ts";
import { waitCommand } from "./commands/wait.ts";
import { complete } from "./completion/complete.ts";
import { EXIT } from "./exit.ts";
import { inJob } from "./job.ts";
import type { Terminal } from "./terminal.ts";
import { VERSION } from "./version.ts";
import { Wrong } from "./wrong.ts";

const HELP = `
A release is named <service>.<environment>, such as checkout.production. "conductor <command> --help" has the flags and examples of each.

Exit codes are the same everywhere: 0 done, 1 failed or refused, 2 wrong use (flags, names, rights, no connection). deploy and wait add
3 rolled back, 4 superseded, 5 timed out, 6 waits for approval.`;

/** In the order in which they are listed. */
const COMMANDS: readonly ((context: Context) => Command)[] = [
  planCommand,
  deployCommand,
  waitCommand,
  statusCommand,
  explainCommand,
  historyCommand,
  approveCommand,
  rejectCommand,
  ...ACT_COMMANDS,
  rollbackCommand,
  freezeCommand,
  unfreezeCommand,
  clustersCommand,
  doctorCommand,
  valuesCommand,
  simulateCommand,
  completionCommand,
];

/** The whole of it, as commander has it. */
export function programFor(context: Context): Command {
  const program = new Command("conductor")
    .description("releases services to many clusters, and shows how they go")
    .version(VERSION)
    .exitOverride();
  program.addHelpText("after", HELP);
  for (const make of COMMANDS) program.addCommand(make(context));
  return program;
}

/** Runs a command line. Resolves with the exit code. */
export async function run(args: readonly string[], given: Terminal): Promise<number> {
  const terminal = inJob(given);
  const context: Context = { terminal, exit: EXIT.arrived };
  const program = programFor(context);
  const output = {
    writeOut: (text: string) => void terminal.out.write(text),
    writeErr: (text: string) => void terminal.err.write(text),
    getOutHelpWidth: () => 100,
  };
  for (const one of [program, ...program.commands]) one.configureOutput(output).showSuggestionAfterError();
  try {
    const [first, ...words] = args;
    if (first === "__complete") {
      await complete(program, words, terminal);
      return EXIT.arrived;
    }
    await program.parseAsync(hoisted(args), { from: "user" });
    return context.exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.arrived : EXIT.wrong;
    if (!(error instanceof Wrong)) throw error;
    terminal.err.write(`${error.message}\n`);
    return terminal.interrupted.aborted ? EXIT.interrupted : EXIT.wrong;
  }
}

/** kubectl takes its flags before the command too: they are moved behind it. */
function hoisted(args: readonly string[]): string[] {
  let at = 0;
  while (/^(-n|--namespace|--context|--kubeconfig|--as|--as-group)(=|$)/.test(args[at] ?? "")) at += (args[at] ?? "").includes("=") ? 1 : 2;
  const [name, ...rest] = args.slice(at);
  return name === undefined ? [...args] : [name, ...args.slice(0, at), ...rest];
}
