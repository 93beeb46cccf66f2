import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { until } from "./until.js";

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

const maxKeptLines = 20_000;
/** A server compiles its sources first, on a machine that may be busy with other things. */
const startTimeoutMs = 90_000;
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process of a run's own: what it says is kept, and it does not outlive the run. */
export class ManagedProcess implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly errorLines: string[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;

  constructor(
    private readonly command: string,
    args: readonly string[],
    options: ProcessOptions = {},
  ) {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    running.add(child);
    createInterface(child.stdout).on("line", (line) => keep(this.lines, line));
    createInterface(child.stderr).on("line", (line) => keep(this.errorLines, line));
    this.#exited = new Promise((resolve) => {
      const end = () => {
        running.delete(child);
        resolve();
      };
      child.once("close", end).once("error", (error) => {
        this.errorLines.push(String(error));
        end();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null || this.#child.pid === undefined;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it without warning. */
  async kill(): Promise<void> {
    if (!this.hasExited) this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Asks it to end. @returns its exit code. */
  async stop(): Promise<number | null> {
    if (!this.hasExited) this.#child.kill("SIGTERM");
    await this.#exited;
    return this.exitCode;
  }

  /** Resolves when the check holds; rejects when the process ends before. */
  async ready(check: () => boolean | Promise<boolean>): Promise<void> {
    const said = () => [...this.lines, ...this.errorLines].slice(-20).join("\n");
    await until(
      () => {
        if (this.hasExited) throw new Error(`${this.command} ended at its start.\n${said()}`);
        return check();
      },
      () => `${this.command} is ready. It said:\n${said()}`,
      startTimeoutMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > maxKeptLines) lines.shift();
}
