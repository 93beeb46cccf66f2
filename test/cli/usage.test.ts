import { describe, expect, test } from "vitest";
import { createProgram } from "../../client/src/cli/program.js";
import { runCli } from "./run-cli.js";

const program = createProgram();
const commands = program.commands.map((command) => command.name());

test("every command has a description, and help with examples that name it", () => {
  expect(commands.join(" ")).toBe(
    "serve create list show watch output cancel rerun remove open transition workers feed spools announce send tail token doctor completion",
  );
  for (const command of program.commands) {
    expect(command.description()).toMatch(/^[A-Z].*\.$/s);
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain("Examples:\n");
    expect(help).toMatch(new RegExp(`\\$.*jobwire ${command.name()}`));
  }
});

test("--help lists commands, environment and exit codes, and ends with 0", async () => {
  const { code, stdout, stderr } = await runCli(["--help"]);
  expect(code).toBe(0);
  expect(stderr).toBe("");
  for (const part of [...commands, "JOBWIRE_TOKEN", "NO_COLOR", "Exit codes:"])
    expect(stdout).toContain(part);
});

describe("what is wrong on the command line ends with 2 and says what:", () => {
  test.each([
    ["an unknown command, with the one that was meant", ["wach"], "Did you mean watch?"],
    ["an unknown option", ["feed", "--jsn"], "Did you mean --json?"],
    ["a missing argument", ["watch"], "missing required argument 'jobId'"],
    [
      "a value that is none of the choices",
      ["token", "--role", "admin"],
      "Allowed choices are user, service.",
    ],
    ["metadata without a value", ["create", "--metadata", "branch"], "Expected key=value."],
    ["a time that would be guessed", ["create", "--run-at", "tomorrow 5"], "Expected a time such as"],
    ["a URL that is none", ["feed", "--url", "localhost:3000"], "must be like http://127.0.0.1:3000"],
    ["no token, and how to get one", ["feed"], "export JOBWIRE_TOKEN=$(jobwire token --code ...)"],
    ["data that is no JSON", ["send", "note", "{text"], "The data is not JSON"],
    ["a shell that is not known", ["completion", "tcsh"], "Allowed choices are bash, zsh, fish."],
  ])("%s", async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

test("a server that does not answer ends with 3 and says where it was looked for", async () => {
  const { code, stderr } = await runCli(["feed"], { url: "http://127.0.0.1:9", token: "none" });
  expect(code).toBe(3);
  expect(stderr).toMatch(/^Nobody answers at http:\/\/127\.0\.0\.1:9: .*\n$/);
});
