import { fileURLToPath } from "node:url";
import { builtProgram } from "../../support/build-programs.js";
import { ManagedProcess } from "./managed-process.js";
import { until } from "./until.js";
import { tokenSecret } from "./token.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const preloads = ["--expose-gc", `--import=${builtProgram("test/faults/support/memory-probe.ts")}`];

/** A Jobwire server as people run it: a process of its own. */
export class JobwireProcess implements AsyncDisposable {
  private constructor(
    private readonly child: ManagedProcess,
    readonly port: number,
  ) {}

  /** @param env `CLOCK_AHEAD_MS` gives it another clock than this machine's. */
  static async start(env: Readonly<Record<string, string>>): Promise<JobwireProcess> {
    const clock = "CLOCK_AHEAD_MS" in env ? [`--import=${builtProgram("test/support/clock-shift.ts")}`] : [];
    const child = new ManagedProcess(
      process.execPath,
      [...preloads, ...clock, builtProgram("server/src/main.ts")],
      {
        cwd: root,
        env: { ...environment(), ...env },
      },
    );
    let port = 0;
    await child.ready(() => {
      const [, found] = /^Jobwire listens on http:\/\/[^:]+:(\d+)/m.exec(child.lines.join("\n")) ?? [];
      port = Number(found ?? 0);
      return port > 0;
    });
    return new JobwireProcess(child, port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** What it logged with this message, as objects. */
  logged(message: RegExp): Record<string, unknown>[] {
    return this.child.lines
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => typeof msg === "string" && message.test(msg));
  }

  /** What a healthy server never shows: words on stderr, logged defects, an end of its own. */
  defects(): string[] {
    const defects = this.child.errorLines.map((line) => `stderr: ${line}`);
    for (const entry of this.logged(/^call failed$/)) defects.push(`log: ${JSON.stringify(entry)}`);
    if (this.child.hasExited && this.child.exitCode !== null)
      defects.push(`the server ended by itself with ${this.child.exitCode}`);
    return defects;
  }

  /** The memory it uses once all garbage is collected. */
  async memoryBytes(): Promise<number> {
    const said = () => this.logged(/^memory in use$/);
    const before = said().length;
    this.child.signal("SIGUSR2");
    await until(
      () => said().length > before,
      () => "the server says how much memory it uses",
    );
    return Number(said().at(-1)?.bytes);
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.child.kill();
  }

  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null> {
    return this.child.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return {
    PATH,
    HOME,
    TMPDIR,
    PORT: "0",
    JWT_SECRET: tokenSecret,
    JOBWIRE_WORKER: "off",
    HISTORY_MAX_EVENTS: "100000",
    HISTORY_MAX_BYTES: "1000000000",
    SSE_HEARTBEAT_MS: "2000",
    DRAIN_MS: "100",
  };
}
