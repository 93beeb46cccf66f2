import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { freePort } from "../../support/redis-server.js";
import { untilAnswering } from "../contenders/until-answering.js";

export interface BenchRedis extends AsyncDisposable {
  readonly url: string;
  /** Forgets everything. */
  clear(): Promise<void>;
  /** How often each command was called so far, those of this object left out. */
  commandCounts(): Promise<ReadonlyMap<string, number>>;
  /** What it has allocated. */
  usedBytes(): Promise<number>;
  /** User and system time so far. */
  cpuUs(): Promise<number>;
}

/** Starts the `redis-server` on the PATH on a free port; `null` when there is none. */
export async function startRedis(): Promise<BenchRedis | null> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return null;
  const port = await freePort();
  const nothingOnDisk = ["--save", "", "--appendonly", "no", "--dir", tmpdir()];
  const options = ["--port", `${port}`, "--bind", "127.0.0.1", ...nothingOnDisk];
  const server = spawn("redis-server", options, { stdio: "ignore" });
  const kill = () => void server.kill("SIGKILL");
  process.once("exit", kill);
  await untilAnswering(port);
  const url = `redis://127.0.0.1:${port}`;
  const redis = new Redis(url);
  const numberOf = async (section: string, field: string) =>
    Number(new RegExp(`^${field}:(\\S+)`, "m").exec(await redis.info(section))?.[1] ?? NaN);
  return {
    url,
    async clear() {
      await redis.flushall();
    },
    async commandCounts() {
      const counts = new Map<string, number>();
      for (const [, name = "", calls] of (await redis.info("commandstats")).matchAll(commandLine)) {
        if (!ownCommands.has(name)) counts.set(name, Number(calls));
      }
      return counts;
    },
    usedBytes: () => numberOf("memory", "used_memory"),
    async cpuUs() {
      const [user, system] = [await numberOf("cpu", "used_cpu_user"), await numberOf("cpu", "used_cpu_sys")];
      return (user + system) * 1_000_000;
    },
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      redis.disconnect();
      const exited = once(server, "exit");
      kill();
      await exited;
    },
  };
}

const commandLine = /^cmdstat_([^:]+):calls=(\d+)/gm;
const ownCommands = new Set(["info", "flushall"]);
