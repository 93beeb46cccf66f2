import type { Command } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/** A script for the shell, made from the commands and options that the program has. */
export function completionScript(program: Command, shell: Shell): string {
  return scripts[shell](entriesOf(program, []));
}

const scripts = {
  bash: bashScript,
  zsh: (entries) => `#compdef jobwire\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(entries)}`,
  fish: fishScript,
} as const satisfies Record<Shell, (entries: readonly Entry[]) => string>;

/** What may follow a command: `spools watch` is followed by its options. */
interface Entry {
  readonly path: readonly string[];
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

function entriesOf(command: Command, path: readonly string[]): Entry[] {
  const options = command.options.map(({ long, short, description }) => ({
    word: long ?? short ?? "",
    description,
  }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [] }) =>
    argChoices.map((word) => ({ word, description: "" })),
  );
  const commands = command.commands.map((one) => ({ word: one.name(), description: one.description() }));
  const words = [...commands, ...choices, ...options, { word: "--help", description: "show help" }];
  return [{ path, words }, ...command.commands.flatMap((one) => entriesOf(one, [...path, one.name()]))];
}

/** The words so far that name a command decide what may come next. */
function bashScript(entries: readonly Entry[]): string {
  const commands = entries.flatMap(({ path }) => (path.length > 0 ? [`"${path.join(" ")}"`] : []));
  const cases = entries.map(
    ({ path, words }) => `    "${path.join(" ")}") words="${words.map(({ word }) => word).join(" ")}" ;;`,
  );
  return `_jobwire() {
  local path="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${commands.join(" | ")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _jobwire jobwire
`;
}

function fishScript(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ path, words }) => {
    const isIn = path.map((command) => `__fish_seen_subcommand_from ${command}`);
    const commands = words.map(({ word }) => word).filter((word) => !word.startsWith("-"));
    const isNotFurther = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.join(" ")}`] : [];
    const condition = [...isIn, ...isNotFurther].join("; and ");
    return words.map(({ word, description }) => {
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
      return `complete -c jobwire -n "${condition}" ${what} -d '${description.replaceAll("'", "\\'")}'`;
    });
  });
  return `${["complete -c jobwire -f", ...lines].join("\n")}\n`;
}
