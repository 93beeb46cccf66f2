import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../support/redis-server.js";
import { ManagedProcess } from "./managed-process.js";
import { askRedis, RedisProcess } from "./redis-process.js";
import { until } from "./until.js";

const name = "jobwire";
const sentinelCount = 3;

/** A master, a replica and three sentinels that watch over them. */
export class SentinelGroup implements AsyncDisposable {
  private constructor(
    readonly nodes: readonly [RedisProcess, RedisProcess],
    private readonly sentinels: readonly ManagedProcess[],
    private readonly ports: readonly number[],
    private readonly directory: string,
  ) {}

  static async start(): Promise<SentinelGroup> {
    const master = await RedisProcess.start();
    const replica = await RedisProcess.start(["--replicaof", "127.0.0.1", `${master.port}`]);
    const directory = await mkdtemp(join(tmpdir(), "jobwire-sentinels-"));
    const sentinels: ManagedProcess[] = [];
    const ports: number[] = [];
    while (sentinels.length < sentinelCount) {
      const port = await freePort();
      const file = join(directory, `sentinel-${port}.conf`);
      await writeFile(file, configuration(port, master.port, directory));
      sentinels.push(new ManagedProcess("redis-server", [file, "--sentinel"]));
      ports.push(port);
    }
    const group = new SentinelGroup([master, replica], sentinels, ports, directory);
    await until(
      () => group.#isComplete(),
      () => "the sentinels know each other and the replica",
      60_000,
    );
    await until(
      async () => (await replica.ask((redis) => redis.info("replication"))).includes("master_link_status:up"),
      () => "the replica is in step",
      60_000,
    );
    return group;
  }

  get url(): string {
    return `redis+sentinel://${this.ports.map((port) => `127.0.0.1:${port}`).join(",")}/${name}`;
  }

  /** The node that most sentinels take for the master. */
  async master(): Promise<RedisProcess | undefined> {
    const ports = await Promise.all(this.ports.map(masterPortSeenBy));
    return this.nodes.find(({ port }) => ports.filter((seen) => seen === port).length > sentinelCount / 2);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sentinel of this.sentinels) await sentinel.kill();
    for (const node of this.nodes) await node[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #isComplete(): Promise<boolean> {
    for (const port of this.ports) {
      try {
        const [info] = await askRedis(
          port,
          (redis) => redis.call("SENTINEL", "MASTERS") as Promise<string[][]>,
        );
        const field = (key: string) => info?.[info.indexOf(key) + 1];
        if (field("num-slaves") !== "1" || field("num-other-sentinels") !== "2") return false;
      } catch {
        return false;
      }
    }
    return true;
  }
}

async function masterPortSeenBy(sentinelPort: number): Promise<number | null> {
  try {
    const address = await askRedis(sentinelPort, (redis) =>
      redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name),
    );
    return Array.isArray(address) ? Number(address[1]) : null;
  } catch {
    return null;
  }
}

function configuration(port: number, masterPort: number, directory: string): string {
  return [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${directory}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 10000`,
  ].join("\n");
}
