import { Argument, type Command } from "commander";
import { command, type Context } from "../command.ts";
import { scriptFor, SHELLS, type Shell } from "../completion/scripts.ts";

export function completionCommand({ terminal }: Context): Command {
  return command("completion", "print what makes a shell complete commands, flags and the names of releases", [
    "completion bash > /etc/bash_completion.d/conductor",
    'completion zsh > "${fpath[1]}/_conductor"',
    "completion fish > ~/.config/fish/completions/conductor.fish",
  ])
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .action((shell: Shell) => void terminal.out.write(scriptFor(shell)));
}
