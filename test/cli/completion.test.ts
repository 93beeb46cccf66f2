import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { completionScript } from "../../client/src/cli/completion-script.js";
import { createProgram } from "../../client/src/cli/program.js";
import { runCli } from "./run-cli.js";

const program = createProgram();

/** What bash offers for the last of these words. */
function complete(...words: readonly string[]): Promise<string[]> {
  return completeWith("", ...words);
}

async function completeWith(before: string, ...words: readonly string[]): Promise<string[]> {
  const typed = ["jobwire", ...words].map((word) => `"${word}"`).join(" ");
  const script = `${before}
${completionScript(program, "bash")}
COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _jobwire; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)("bash", ["-c", script]);
  return stdout.split("\n").filter((word) => word !== "");
}

describe("bash completes", () => {
  test("commands", async () => {
    expect(await complete("")).toEqual(
      expect.arrayContaining(program.commands.map((command) => command.name())),
    );
    expect(await complete("s")).toEqual(["serve", "show", "spools", "send"]);
  });

  test("options of a command, after others too", async () => {
    expect(await complete("watch", "--")).toEqual(["--url", "--token", "--json", "--after", "--help"]);
    expect(await complete("create", "--title", "Shop", "--m")).toEqual(["--metadata"]);
  });

  test("values of an option that has choices, and ids of jobs where one is wanted", async () => {
    expect(await complete("list", "--status", "s")).toEqual(["scheduled", "starting", "scaffold"]);
    expect(await complete("token", "--role", "")).toEqual(["user", "service"]);
    expect(await complete("feed", "--types", "build.p")).toEqual(["build.progress"]);
    const jobwire = `jobwire() { [[ $1 == list ]] && printf '01a1  Queued  Shop\\n01b2  Ready  Blog\\n'; }`;
    expect(await complete("cancel", "01a")).toEqual([]);
    expect(await completeWith(jobwire, "cancel", "01")).toEqual(["01a1", "01b2"]);
    expect(await completeWith(jobwire, "watch", "--j")).toEqual(["--json"]);
  });

  test("commands below a command, and choices", async () => {
    expect(await complete("spools", "t")).toEqual(["tomar"]);
    expect(await complete("spools", "list", "--a")).toEqual(["--available"]);
    expect(await complete("completion", "")).toEqual(expect.arrayContaining(["bash", "zsh", "fish"]));
  });
});

test("zsh and fish know every command and every option", () => {
  const [zsh, fish] = [completionScript(program, "zsh"), completionScript(program, "fish")];
  expect(zsh).toMatch(/^#compdef jobwire\n/);
  for (const command of program.commands) {
    expect(fish).toContain(`-a ${command.name()} -d`);
    for (const { long = "" } of command.options) {
      expect(zsh).toContain(long);
      const option = fish
        .split("\n")
        .find((line) => line.includes(`__fish_seen_subcommand_from ${command.name()}" -l ${long.slice(2)} `));
      expect(option).toMatch(/ -l [\w-]+( -x -a "[^"]+")? -d '/);
    }
  }
});

test("the command prints the script", async () => {
  const { code, stdout } = await runCli(["completion", "bash"]);
  expect(code).toBe(0);
  expect(stdout).toBe(completionScript(program, "bash"));
});
