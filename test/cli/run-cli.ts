import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { builtProgram } from "../support/build-programs.js";
import { Inbox } from "../support/collect.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, builtProgram("client/src/cli/main.ts"));

/** What runs the command line. */
export const cliCommand = [process.execPath, program];

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCli extends AsyncDisposable {
  readonly process: ChildProcess;
  /** The lines of stdout as they come. */
  readonly lines: Inbox<string>;
  readonly errors: Inbox<string>;
  readonly result: Promise<CliResult>;
}

export interface CliOptions {
  readonly url?: string;
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Starts the command line as a process of its own, with nothing of this process's environment that it reads. */
export function startCli(args: readonly string[], { url, token, env, stdin }: CliOptions = {}): RunningCli {
  const [command = "", ...fixed] = cliCommand;
  const child = spawn(command, [...fixed, ...args], {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      NO_COLOR: "1",
      ...(url !== undefined && { JOBWIRE_URL: url }),
      ...(token !== undefined && { JOBWIRE_TOKEN: token }),
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}).end(stdin);
  const closed = once(child, "close");
  return {
    process: child,
    lines: linesOf(child.stdout),
    errors: linesOf(child.stderr),
    result: Promise.all([closed, text(child.stdout), text(child.stderr)]).then(([, stdout, stderr]) => ({
      code: child.exitCode,
      stdout,
      stderr,
    })),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Runs the command line to its end. */
export async function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  await using cli = startCli(args, options);
  return await cli.result;
}

function linesOf(stream: NodeJS.ReadableStream): Inbox<string> {
  const inbox = new Inbox<string>();
  let rest = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) inbox.push(line);
  });
  stream.once("end", () => inbox.end());
  return inbox;
}
