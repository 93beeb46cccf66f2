import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { builtProgram } from "./build-programs.js";
import { Inbox } from "./collect.js";
import type { Environment } from "./test-server.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The server as a program, without a worker. */
export const serverProgram = [builtProgram("server/src/main.ts")];

/** The same from its sources: it can run a worker from its sources too. */
export const serverSource = ["--conditions=@jobwire/source", "--import", "tsx", "server/src/main.ts"];

/** What a process ended with: its exit code, or the signal it died of. */
type Exit = number | NodeJS.Signals | null;

export interface SpawnedProcess extends AsyncDisposable {
  /** `undefined`: it could not be started. */
  readonly pid: number | undefined;
  /** What it has printed so far, line by line. */
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  /** The first line, also of those printed already, for which this is so. Rejects when it ends before. */
  until(isWanted: (line: string) => boolean): Promise<string>;
  send(signal: NodeJS.Signals): void;
}

export interface ServerProcess extends SpawnedProcess {
  readonly url: string;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<Exit>;
}

/** Resolves once it says where it listens. */
export async function startProcess(
  command: string,
  args: readonly string[],
  env: Environment,
): Promise<ServerProcess> {
  const spawned = spawnProcess(command, args, env);
  const line = await spawned.until((text) => /Jobwire listens on http/.test(text));
  return {
    ...spawned,
    url: /http\S+/.exec(line)?.[0] ?? "",
    stop() {
      spawned.send("SIGTERM");
      return spawned.exited;
    },
  };
}

export function spawnProcess(
  command: string,
  args: readonly string[],
  env: Environment,
  cwd = root,
): SpawnedProcess {
  const child = spawn(command, args, {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: "0",
      JOBWIRE_WORKER: "off",
      LOG_LEVEL: "warn",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a group of its own, so that nothing of it is left behind
  });
  const output = new Inbox<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n")) output.push(line);
    });
  }
  const exited = once(child, "exit").then((): Exit => child.exitCode ?? child.signalCode);
  child.once("exit", (code, signal) => output.end(new Error(`exited with ${code ?? signal}`)));
  return {
    pid: child.pid,
    lines: output.items,
    exited,
    until: (isWanted) => output.until(isWanted),
    send: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      killGroupOf(child);
      await exited;
    },
  };
}

function killGroupOf({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // ESRCH: it is gone
  }
}
