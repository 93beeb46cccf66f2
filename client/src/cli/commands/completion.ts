import { Argument, type Command } from "commander";
import { completionScript, shells, type Shell } from "../completion-script.js";

export function addCompletionCommand(program: Command): void {
  program
    .command("completion")
    .description("Print what makes a shell complete commands and options.")
    .addArgument(new Argument("<shell>").choices(shells))
    .addHelpText(
      "after",
      `
Examples:
  $ source <(jobwire completion bash)                                  # in ~/.bashrc
  $ jobwire completion zsh > "\${fpath[1]}/_jobwire"                    # then start a new shell
  $ jobwire completion fish > ~/.config/fish/completions/jobwire.fish`,
    )
    .action((shell: Shell) => {
      process.stdout.write(completionScript(program, shell));
    });
}
