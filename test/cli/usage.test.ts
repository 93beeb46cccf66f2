import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { failureOf } from "../../client/src/cli/exit-code.js";
import { createProgram } from "../../client/src/cli/program.js";
import { cliCommand, runCli } from "./run-cli.js";

const program = createProgram();
const commands = program.commands.map((command) => command.name());

test("every command has a description, and help with examples that name it", () => {
  expect(commands.join(" ")).toBe(
    "serve create list show watch output cancel rerun remove open transition workers feed spools announce send tail token doctor completion",
  );
  for (const command of program.commands) {
    expect(command.description()).toMatch(/^[A-Z].*\.$/s);
    let help = "";
    command.configureOutput({ writeOut: (part) => (help += part) }).outputHelp();
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

test.each([
  ["a URL with a password", ["feed", "--url", "http://ana:secret@localhost"], "has a name or a password"],
  ["a token that no header carries", ["feed", "--token", "secret\n1"], "The token cannot be sent"],
  ["a stream whose URL is none", ["tail", "notaurl"], "not notaurl"],
  ["a stream's token", ["tail", "http://localhost", "--token", "secret\n1"], "The token cannot be sent"],
  [
    "a header that cannot be sent",
    ["tail", "http://localhost", "--header", "x y: secret"],
    '"x y" cannot be sent',
  ],
])("%s ends with 2 before anything is sent, and is told without its secret", async (_, args, message) => {
  const running = createProgram().parseAsync(args, { from: "user" });
  const failure = await running.then(() => null, failureOf);
  expect(failure).toMatchObject({ code: 2, message: expect.stringContaining(message) });
  expect(failure?.message).not.toContain("secret");
});

test("a server that does not answer ends with 3 and says where it was looked for", async () => {
  const { code, stderr } = await runCli(["feed"], { url: "http://127.0.0.1:9", token: "none" });
  expect(code).toBe(3);
  expect(stderr).toMatch(/^Nobody answers at http:\/\/127\.0\.0\.1:9: .*\n$/);
});

test("a full disk ends with 1 and is said in a line; a stderr that nobody reads changes nothing", async () => {
  const [command = "", ...fixed] = cliCommand;
  const disk = openSync("/dev/full", "w");
  const full = spawn(command, [...fixed, "completion", "bash"], { stdio: ["ignore", disk, "pipe"] });
  closeSync(disk);
  const unread = spawn(command, [...fixed, "feed", "--jsn"], { stdio: ["ignore", "ignore", "pipe"] });
  unread.stderr?.destroy();
  const ends = Promise.all([once(full, "close"), once(unread, "close")]);
  const said = full.stderr ? await text(full.stderr) : "";
  await ends;
  expect(said).toMatch(/^The output cannot be written: .*ENOSPC.*\n$/);
  expect([full.exitCode, unread.exitCode]).toEqual([1, 2]);
});
