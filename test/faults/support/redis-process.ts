import { spawnSync } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort } from "../../support/redis-server.js";
import { ManagedProcess } from "./managed-process.js";

const host = "127.0.0.1";
const maxAttempts = 5;
const answerWithinMs = 10_000;

export function hasRedisServer(): boolean {
  return spawnSync("redis-server", ["--version"]).status === 0;
}

/** A redis-server that writes everything to disk before it answers (AOF, `appendfsync always`). */
export class RedisProcess implements AsyncDisposable {
  #process: ManagedProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly options: readonly string[],
  ) {}

  /** At a free port unless one is given. */
  static async start(options: readonly string[] = [], fixedPort?: number): Promise<RedisProcess> {
    for (let attempt = 1; ; attempt++) {
      const directory = await mkdtemp(join(tmpdir(), "jobwire-faults-"));
      const redis = new RedisProcess(fixedPort ?? (await freePort()), directory, options);
      try {
        await redis.start();
        return redis;
      } catch (error) {
        await redis[Symbol.asyncDispose]();
        if (attempt === maxAttempts) throw error;
      }
    }
  }

  /** Another Redis with what this one has written; to be asked when this one is dead or something else by now. */
  async copy(): Promise<RedisProcess> {
    const directory = await mkdtemp(join(tmpdir(), "jobwire-faults-"));
    await cp(this.directory, directory, { recursive: true });
    const copy = new RedisProcess(await freePort(), directory, []);
    await copy.start();
    return copy;
  }

  /** Starts it again at the same port with what it had written. */
  async start(): Promise<void> {
    const { port, directory } = this;
    const where = ["--port", `${port}`, "--bind", host, "--dir", directory];
    const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    const replication = ["--repl-diskless-sync-delay", "0"];
    this.#process = new ManagedProcess("redis-server", [
      ...where,
      ...durable,
      ...replication,
      ...this.options,
    ]);
    await this.#process.ready(() => answers(port));
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGSTOP: connections stay open, nothing is answered. */
  freeze(): void {
    this.#process?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#process?.signal("SIGCONT");
  }

  /** On a connection of its own, past all proxies. */
  async ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    return askRedis(this.port, question);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export async function askRedis<Answer>(
  port: number,
  question: (redis: Redis) => Promise<Answer>,
): Promise<Answer> {
  const redis = new Redis({ port, host, retryStrategy: () => null, commandTimeout: answerWithinMs });
  redis.on("error", () => {});
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await askRedis(port, (redis) => redis.ping())) === "PONG";
  } catch {
    return false;
  }
}
