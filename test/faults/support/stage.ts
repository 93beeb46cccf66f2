import type { RedisCommands } from "../../../server/src/store/redis-commands.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { FaultProxy } from "./fault-proxy.js";
import { JobwireProcess } from "./jobwire-process.js";
import { MemoryAccount } from "./memory-account.js";
import { RedisProcess } from "./redis-process.js";
import { SentinelGroup } from "./sentinel-group.js";

/** One of the two server processes, and the address its clients know. */
export interface Side {
  server: JobwireProcess;
  /** Stands before the server as a load balancer does: another process can take over its address. */
  readonly front: FaultProxy;
}

/** What Redis is on a stage. */
export type Topology = "single" | "sentinels" | "cluster";

/** Redis, two Jobwire servers that reach it through a proxy, and a proxy before each of them. */
export class Stage implements AsyncDisposable {
  readonly memory = new MemoryAccount();

  private constructor(
    readonly topology: Topology,
    /** Of a Cluster: one of its masters. */
    public redis: RedisProcess,
    /** Between the servers and Redis. */
    readonly redisProxy: FaultProxy,
    readonly sides: readonly [Side, Side],
    private readonly env: Readonly<Record<string, string>>,
    /** Present: the servers find Redis through these sentinels, without the proxy. */
    readonly sentinels?: SentinelGroup,
    /** Present: the servers reach its nodes without the proxy. */
    readonly cluster?: RedisCluster,
  ) {}

  static async start(topology: Topology): Promise<Stage> {
    const sentinels = topology === "sentinels" ? await SentinelGroup.start() : undefined;
    const cluster = topology === "cluster" ? await RedisCluster.start() : undefined;
    const redis = sentinels?.nodes[0] ?? cluster?.nodes[0] ?? (await RedisProcess.start());
    const redisProxy = await FaultProxy.start(redis.port);
    const env = { REDIS_URL: sentinels?.url ?? cluster?.url ?? `redis://127.0.0.1:${redisProxy.port}` };
    const sides = await Promise.all([startSide(env), startSide(env)]);
    return new Stage(topology, redis, redisProxy, sides, env, sentinels, cluster);
  }

  /** Asks Redis past the servers and all proxies. */
  ask<Answer>(question: (redis: RedisCommands) => Promise<Answer>): Promise<Answer> {
    return this.cluster ? this.cluster.ask(question) : this.redis.ask(question);
  }

  /** The addresses clients use. */
  get urls(): string[] {
    return this.sides.map(({ front }) => `http://127.0.0.1:${front.port}`);
  }

  startServer(env: Readonly<Record<string, string>> = {}): Promise<JobwireProcess> {
    return JobwireProcess.start({ ...this.env, ...env });
  }

  /** Kills a server and starts another one in its place, to which its clients come back. */
  async restartServer(side: Side, env: Readonly<Record<string, string>> = {}): Promise<void> {
    await side.server.kill();
    side.server = await this.startServer(env);
    side.front.switchTo(side.server.port);
    side.front.cut();
  }

  /** Another Redis takes the place of the one that was; that one is ended. */
  async replaceRedis(redis: RedisProcess): Promise<void> {
    const old = this.redis;
    this.redis = redis;
    this.redisProxy.switchTo(redis.port);
    await old[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { front, server } of this.sides) {
      await front[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    }
    await this.redisProxy[Symbol.asyncDispose]();
    await this.redis[Symbol.asyncDispose]();
    await this.sentinels?.[Symbol.asyncDispose]();
    await this.cluster?.[Symbol.asyncDispose]();
  }
}

async function startSide(env: Readonly<Record<string, string>>): Promise<Side> {
  const server = await JobwireProcess.start(env);
  return { server, front: await FaultProxy.start(server.port) };
}
