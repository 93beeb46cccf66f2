import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { OutputTail } from "./output-tail.js";

export interface WorkerProcessOptions {
  readonly url: string;
  readonly token: string;
  /** What it may build, as the project `projectName`. */
  readonly folder: string;
}

/** Disposing it ends the worker: the job in hand fails and its workspace is removed. */
export interface WorkerProcess extends AsyncDisposable {
  /** Aborted when the worker is gone; the reason says what it said last. */
  readonly ended: AbortSignal;
}

export const projectName = "demo";

/** Starts the build worker. Ctrl-C does not reach its process group: this program ends it, in its own time. */
export function startWorkerProcess({ url, token, folder }: WorkerProcessOptions): WorkerProcess {
  const program = fileURLToPath(new URL("../build-worker/main.ts", import.meta.url));
  const child = fork(program, [`--project=${projectName}=${folder}`], {
    env: { ...process.env, JOBWIRE_URL: url, JOBWIRE_TOKEN: token },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    detached: true,
  });
  const log = child.stderr && new OutputTail(child.stderr);
  const ended = new AbortController();
  child.once("close", () => ended.abort(new Error(`The worker ended by itself.\n\n${log?.text}`)));
  return {
    ended: ended.signal,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // Not "close": Node does not emit it after the parent has disconnected.
      const exited = once(child, "exit");
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
