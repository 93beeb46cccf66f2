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
  readonly commands: readonly Word[];
  /** What an argument may be. */
  readonly values: readonly string[];
  readonly options: readonly (Word & { readonly choices: readonly string[] })[];
  /** Its argument is the id of a job. */
  readonly takesJob: boolean;
}

interface Word {
  readonly word: string;
  readonly description: string;
}

/** The newest jobs: their ids are the first column. */
const listJobs = "jobwire list --limit 50 2>/dev/null";

function entriesOf(command: Command, path: readonly string[]): Entry[] {
  const options = command.options.map(({ long, short, description, argChoices = [] }) => ({
    word: long ?? short ?? "",
    description,
    choices: argChoices,
  }));
  const entry: Entry = {
    path,
    commands: command.commands.map((one) => ({ word: one.name(), description: one.description() })),
    values: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
    options: [...options, { word: "--help", description: "show help", choices: [] }],
    takesJob: command.registeredArguments.some((argument) => argument.name() === "jobId"),
  };
  return [entry, ...command.commands.flatMap((one) => entriesOf(one, [...path, one.name()]))];
}

/** The words so far that name a command decide what may come next; after an option that has choices, these. */
function bashScript(entries: readonly Entry[]): string {
  const commands = entries.flatMap(({ path }) => (path.length > 0 ? [`"${path.join(" ")}"`] : []));
  const cases = entries.map(({ path, commands: words, values, options, takesJob }) => {
    const all = [...words.map(({ word }) => word), ...values, ...options.map(({ word }) => word)];
    const jobs = takesJob ? `; jobs=yes` : "";
    return `    "${path.join(" ")}") words="${all.join(" ")}"${jobs} ;;`;
  });
  const choices = entries.flatMap(({ path, options }) =>
    options.flatMap((option) =>
      option.choices.length > 0
        ? [`    "${[...path, option.word].join(" ")}") words="${option.choices.join(" ")}"; jobs="" ;;`]
        : [],
    ),
  );
  return `_jobwire() {
  local path="" words="" jobs="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${path:+$path }$word" in
      ${commands.join(" | ")}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  case "\${path:+$path }\${COMP_WORDS[COMP_CWORD-1]}" in
${choices.join("\n")}
  esac
  if [[ $jobs && "\${COMP_WORDS[COMP_CWORD]}" != -* ]]; then
    words="$words $(${listJobs} | cut -d ' ' -f 1)"
  fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _jobwire jobwire
`;
}

function fishScript(entries: readonly Entry[]): string {
  const lines = entries.flatMap(({ path, commands, values, options, takesJob }) => {
    const names = commands.map(({ word }) => word).join(" ");
    const condition = [
      ...path.map((command) => `__fish_seen_subcommand_from ${command}`),
      ...(names === "" ? [] : [`not __fish_seen_subcommand_from ${names}`]),
    ].join("; and ");
    const complete = (what: string, description: string) =>
      `complete -c jobwire -n "${condition}" ${what} -d '${description.replaceAll("'", "\\'")}'`;
    return [
      ...commands.map(({ word, description }) => complete(`-a ${word}`, description)),
      ...values.map((value) => complete(`-a ${value}`, "")),
      ...options.map(({ word, description, choices }) =>
        complete(
          `-l ${word.slice(2)}${choices.length > 0 ? ` -x -a "${choices.join(" ")}"` : ""}`,
          description,
        ),
      ),
      ...(takesJob ? [complete(`-a "(${listJobs} | string replace -r ' .*' '')"`, "job")] : []),
    ];
  });
  return `${["complete -c jobwire -f", ...lines].join("\n")}\n`;
}
